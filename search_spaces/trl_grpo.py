"""The three hyperparameters that decide whether GRPO on a language model works, from adapters of large ones to small.

More generations make an epoch dearer, so they are not let grow without end.
"""

from optuna.distributions import FloatDistribution, IntDistribution

SPACE = {
    "lr": FloatDistribution(1e-7, 1e-3, log=True),
    "num_generations": IntDistribution(2, 16),
    "budget_penalty": FloatDistribution(0.01, 10.0, log=True),
}
