"""A sweep as W&B's Sweeps page knows it: its space, its metric, and a controller that is not W&B's.

W&B shows the sweep and proposes nothing: proposals and early stopping are tune/run_sweep.py's.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from results.record.sweeps import SweepRecord
from results.trackers.wandb_settings import SCORE
from trainable import contract

RUNNING, PAUSED, FINISHED = "RUNNING", "PAUSED", "FINISHED"
"""States in W&B's words."""


def ended_state(record: SweepRecord) -> str:
    """Of a sweep that does not run: whether a resume would find something to do."""
    return FINISHED if record.finished else PAUSED


def entry_config(record: SweepRecord) -> dict[str, Any]:
    """The sweep's configuration in W&B's words."""
    searched = {name: _parameter(distribution) for name, distribution in record.space.items()}
    return {
        "name": record.name,
        "description": _description(record),
        "controller": {"type": "local"},
        "method": "custom",
        "metric": {"name": SCORE, "goal": {"max": "maximize", "min": "minimize"}[record.mode]},
        "parameters": _given(record) if record.job_type == "confirm" else searched,
    }


def _description(record: SweepRecord) -> str:
    objective = record.objective
    score = f"{SCORE}: the {record.mode} of {record.metric} over a run's epochs."
    if objective.constraints or len(objective.metrics) > 1:
        score += f" Runs are ranked by {objective.written}."
    if record.job_type == "confirm":
        return f"{score} Its runs repeat the best settings of another sweep under further seeds."
    return f"{score} Proposed and stopped early by tune/run_sweep.py, not by W&B."


def _parameter(searched: BaseDistribution) -> dict[str, Any]:
    if isinstance(searched, CategoricalDistribution):
        return {"distribution": "categorical", "values": list(searched.choices)}
    assert isinstance(searched, (FloatDistribution, IntDistribution)), searched
    ends = {"min": searched.low, "max": searched.high}
    if isinstance(searched, IntDistribution) and searched.log:
        return {"distribution": "q_log_uniform_values", **ends, "q": searched.step}
    if isinstance(searched, IntDistribution) and searched.step == 1:
        return {"distribution": "int_uniform", **ends}
    if searched.step is not None:
        return {"distribution": "q_uniform", **ends, "q": searched.step}
    return {"distribution": "log_uniform_values" if searched.log else "uniform", **ends}


def _given(record: SweepRecord) -> dict[str, Any]:
    """What the trials of a sweep that confirms were given."""
    given = [{**trial.setting, contract.SEED: record.seed(trial)} for trial in record.trials]
    names = dict.fromkeys(name for values in given for name in values)
    return {name: {"distribution": "categorical", "values": _each_once(name, given)} for name in names}


def _each_once(name: str, given: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Values, which may be lists."""
    values = [of_trial[name] for of_trial in given if name in of_trial]
    return [value for index, value in enumerate(values) if value not in values[:index]]
