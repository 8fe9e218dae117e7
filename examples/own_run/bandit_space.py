"""What a sweep of the bandit searches."""

from optuna.distributions import CategoricalDistribution, FloatDistribution

SPACE = {
    "lr": FloatDistribution(1e-4, 1e-1, log=True),
    "group_size": CategoricalDistribution((2, 4, 8, 16, 32, 64)),
}
