"""Reading what a sweep left on disk, comparing its trials, and rebuilding TensorBoard and W&B from the record."""
