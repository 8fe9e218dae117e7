"""Files that are whole or not there, locked, and checked as they are read."""
