"""What a sweep is, checked before anything starts: its settings, its command line, its plan, its provenance."""
