"""The sweep: what it is, the Tuner it becomes, its searcher, its scheduler, what it records and what it says."""
