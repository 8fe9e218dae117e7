"""The three hyperparameters that decide whether GRPO on the joint controller works."""

from optuna.distributions import FloatDistribution, IntDistribution

SPACE = {
    "lr": FloatDistribution(1e-5, 1e-2, log=True),
    "group_size": IntDistribution(2, 32),
    "budget_penalty": FloatDistribution(0.1, 30.0, log=True),
}
