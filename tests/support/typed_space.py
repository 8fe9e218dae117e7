"""Searches one hyperparameter of each type that is no number."""

from optuna.distributions import CategoricalDistribution

SPACE = {
    "walk": CategoricalDistribution(["straight", "round about"]),
    "size": CategoricalDistribution(["SMALL", "LARGE"]),
    "pace": CategoricalDistribution([1, "any"]),
    "shoes": CategoricalDistribution([None, True, False]),
    "rest": CategoricalDistribution([None, 0.5]),
}
