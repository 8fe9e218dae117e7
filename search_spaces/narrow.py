"""The joint controller's three hyperparameters between values that most would call sensible: for few trials.

About one width of joint_controller's prior to each side of its centres, and wide enough for the starting values
(lr 1e-4, group_size 5, budget_penalty 10), so that what the first trial teaches counts. What lies beyond is not
searched: where the best trials crowd at an end, take joint_controller.
"""

from optuna.distributions import FloatDistribution, IntDistribution

from search_spaces import Prior, joint_controller

SPACE = {
    "lr": FloatDistribution(1e-4, 3e-3, log=True),
    "group_size": IntDistribution(4, 16),
    "budget_penalty": FloatDistribution(0.5, 10.0, log=True),
}

# The same belief: a range that is half as wide has twice the share of it in its width.
PRIOR = {name: Prior(prior.centre, 2 * prior.width) for name, prior in joint_controller.PRIOR.items()}
