"""What a vision-language model is asked, and how right its answer is."""
