"""Eight hyperparameters of the joint controller: those that decide whether it works, and what usually helps besides.

For sweeps of some 50 trials and more: of this space 0.3 % is within 1 % of the best on the shipped profile, of
joint_controller 4.5 %.
"""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from search_spaces import Prior, joint_controller

SPACE = {
    **joint_controller.SPACE,
    "entropy_coefficient": FloatDistribution(1e-4, 0.3, log=True),
    "batch_size": CategoricalDistribution([8, 16, 32, 64]),
    "weight_decay": FloatDistribution(1e-4, 1.0, log=True),
    "dropout": FloatDistribution(0.0, 0.5),
    "recipe": CategoricalDistribution(["default", "original"]),
}

WIDTH = joint_controller.WIDTH

# Written down as joint_controller's: what others use, and no result of a search.
PRIOR = {
    **joint_controller.PRIOR,
    # PPO's on Atari (arXiv 1707.06347, table 5), where actions are as discrete.
    "entropy_coefficient": Prior(0.01, WIDTH),
    # The starting value: nothing speaks for another.
    "batch_size": Prior(16, WIDTH),
    # The default of torch's AdamW.
    "weight_decay": Prior(0.01, WIDTH),
    # Of the Transformer (arXiv 1706.03762, 5.4), and the starting value.
    "dropout": Prior(0.1, WIDTH),
    # The default, which single runs on the shipped profile made it.
    "recipe": Prior("default", WIDTH),
}
