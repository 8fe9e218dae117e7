"""A sweep on disk: read, written, found, and the rule by which its trials are ranked."""
