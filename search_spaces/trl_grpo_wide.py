"""The three of trl_grpo, and how far and how smoothly the policy may move."""

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

SPACE = {
    "lr": FloatDistribution(1e-7, 1e-3, log=True),
    "num_generations": IntDistribution(2, 16),
    "budget_penalty": FloatDistribution(0.01, 10.0, log=True),
    "beta": FloatDistribution(0.0, 0.1),
    "epsilon": FloatDistribution(0.1, 0.4),
    "temperature": FloatDistribution(0.6, 1.2),
    "loss_type": CategoricalDistribution(["grpo", "dr_grpo", "dapo"]),
    "warmup_steps": IntDistribution(0, 20),
}
