"""Search space of the quadratic run."""

from optuna.distributions import FloatDistribution

SPACE = {"target": FloatDistribution(0.0, 1.0), "rate": FloatDistribution(0.05, 1.0, log=True)}
