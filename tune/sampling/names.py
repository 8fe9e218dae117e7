"""The samplers that have a name. Imports nothing: settings ask it before Optuna is there."""

TPE, RANDOM, GP, CMAES, NSGA2, GRID, QMC = SAMPLERS = ("tpe", "random", "gp", "cmaes", "nsga2", "grid", "qmc")
