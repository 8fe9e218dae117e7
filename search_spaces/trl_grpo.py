"""The three hyperparameters that decide whether GRPO on a language model works, from adapters of large ones to small.

More generations make an epoch dearer, so they are not let grow without end.

There is no PRIOR: which learning rate is good depends on how large the model is, by orders of magnitude. Who knows the
model says it in a file of their own.
"""

from optuna.distributions import FloatDistribution, IntDistribution

SPACE = {
    "lr": FloatDistribution(1e-7, 1e-3, log=True),
    "num_generations": IntDistribution(2, 16),
    "budget_penalty": FloatDistribution(0.01, 10.0, log=True),
}
