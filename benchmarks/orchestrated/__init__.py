"""The same trainings, run in four ways: what benchmarks/orchestration.py compares."""
