"""In which order blocks of a model are left out: found, written and read."""
