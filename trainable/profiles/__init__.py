"""Measured profiles: read, arranged, cached, split, and what can be had on them without a policy."""
