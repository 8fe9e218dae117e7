"""The joint controller's hyperparameters where each configuration that is drawn may have to be run: small groups."""

from optuna.distributions import IntDistribution

from search_spaces import joint_controller

SPACE = {**joint_controller.SPACE, "group_size": IntDistribution(2, 8)}

# Any of so few group sizes is cheap to try, and the centre elsewhere, 8, would be this range's end.
PRIOR = {name: prior for name, prior in joint_controller.PRIOR.items() if name != "group_size"}
