"""Trials in the terminal: rows, conditions, formats, sentences."""
