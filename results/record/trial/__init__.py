"""What one trial left: its rows, where it came from, how it ended."""
