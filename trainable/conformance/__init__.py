"""What every kind of run has to satisfy so that a sweep of it can be resumed and its trials compared, tried on it."""
