"""The space of the trivial run: three hyperparameters, one of them on a log scale."""

from optuna.distributions import FloatDistribution

SPACE = {
    "across": FloatDistribution(0.0, 1.0),
    "along": FloatDistribution(0.0, 1.0),
    "scale": FloatDistribution(1e-3, 1e3, log=True),
}
