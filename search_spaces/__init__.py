"""Search spaces: each module holds SPACE, a dict from hyperparameter to Optuna distribution."""
