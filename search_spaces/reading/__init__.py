"""How a search space is read and checked, whoever wrote it."""
