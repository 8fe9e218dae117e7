"""What a sweep says to people."""
