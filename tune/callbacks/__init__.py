"""What follows a running sweep: the record, TensorBoard, W&B and the progress."""
