"""Methods that others ship, as their own code does it: random search, Ray's OptunaSearch, the W&B engine.

Ray's ASHA stops by the last value at a rung, and OptunaSearch tells Optuna a stopped trial as complete with its last
value. No method here knows starting values.
"""

from typing import Any

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from search.played import PlayedSearch
from search.unit_cube import config_at
from tune.searching.halving import falls_behind
from tune.searching.rungs import rung_epochs

ASHA = (3, 2)
"""Grace period and reduction factor of a stopping ASHA."""
HYPERBAND = (3, 3)
"""min_iter and eta of the W&B engine's."""


class LastValueASHA:
    """Ray's AsyncHyperBandScheduler of one bracket, which judges by the value at the rung."""

    def __init__(self, num_epochs: int, grace_period: int, reduction_factor: int) -> None:
        self._factor = reduction_factor
        self._rungs: dict[int, list[float]] = {
            int(epoch): [] for epoch in rung_epochs(num_epochs, grace_period, reduction_factor)
        }

    def stops(self, epoch: int, score: float) -> bool:
        if epoch not in self._rungs:
            return False
        earlier = self._rungs[epoch]
        behind = falls_behind(score, earlier, self._factor)
        earlier.append(score)
        return behind


def trained_by_asha(search: PlayedSearch, number: int, asha: LastValueASHA | None) -> float:
    """Train a trial to its end, or until it is stopped; its last score."""
    for epoch in range(1, search.num_epochs + 1):
        score = search.train(number)
        if asha and asha.stops(epoch, score):
            break
    return score


def random_search(search: PlayedSearch, seed: int, stopping: bool) -> None:
    generator = np.random.default_rng([seed, 77])
    asha = LastValueASHA(search.num_epochs, *ASHA) if stopping else None
    while True:
        config = config_at(search.landscape.space, generator.random(len(search.landscape.space)))
        trained_by_asha(search, search.begin(config), asha)


def optuna_search(search: PlayedSearch, seed: int, stopping: bool) -> None:
    """What `OptunaSearch(space, metric, mode)` does under Ray Tune: TPE as Optuna has it by default."""
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed))
    asha = LastValueASHA(search.num_epochs, *ASHA) if stopping else None
    while True:
        trial = study.ask(dict(search.landscape.space))
        study.tell(trial, trained_by_asha(search, search.begin(trial.params), asha))


def wandb_bayes(search: PlayedSearch, seed: int, stopping: bool) -> None:
    """`method: bayes` of a W&B sweep with its `early_terminate`, by the engine on PyPI.

    `pip install --no-deps sweeps jsonref`: it asks for a numpy below 2, and works with later ones.
    """
    from sweeps.bayes_search import bayes_search_next_run
    from sweeps.hyperband_stopping import hyperband_stop_runs
    from sweeps.run import RunState, SweepRun

    np.random.seed(seed)  # the engine draws from it
    minimum, eta = HYPERBAND
    bands = {int(epoch) for epoch in rung_epochs(search.num_epochs, minimum, eta)}
    config = {
        "method": "bayes",
        "metric": {"name": "score", "goal": "maximize"},
        "parameters": {name: _parameter(of) for name, of in search.landscape.space.items()},
        "early_terminate": {"type": "hyperband", "min_iter": minimum, "eta": eta},
    }
    runs: list[Any] = []
    while True:
        proposed = bayes_search_next_run(runs, config)
        number = search.begin({name: parameter["value"] for name, parameter in proposed.config.items()})
        run = SweepRun(name=str(number), config=proposed.config, state=RunState.running, history=[])
        runs.append(run)
        for epoch in range(1, search.num_epochs + 1):
            run.history.append({"score": search.train(number)})
            if stopping and epoch in bands and hyperband_stop_runs(runs, config):
                break
        run.state = RunState.finished
        run.summary_metrics = run.history[-1]


def _parameter(distribution: BaseDistribution) -> dict[str, Any]:
    match distribution:
        case CategoricalDistribution(choices=choices):
            return {"distribution": "categorical", "values": list(choices)}
        case IntDistribution(low=low, high=high):
            return {"distribution": "int_uniform", "min": low, "max": high}
        case FloatDistribution(low=low, high=high, log=log):
            return {"distribution": "log_uniform_values" if log else "uniform", "min": low, "max": high}
    raise TypeError(f"{distribution} has no W&B form yet")
