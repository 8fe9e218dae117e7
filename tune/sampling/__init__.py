"""What is proposed next: Optuna's samplers, priors and given settings, as functions of the record."""
