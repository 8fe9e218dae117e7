"""What benchmarks/scale.py measures: sweeps of a run that takes no time, and records of sweeps that never ran."""
