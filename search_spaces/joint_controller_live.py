"""The joint controller's hyperparameters where each configuration that is drawn may have to be run: small groups."""

from optuna.distributions import IntDistribution

from search_spaces import joint_controller

SPACE = {**joint_controller.SPACE, "group_size": IntDistribution(2, 8)}
