"""Which settings are finalists, and which of their runs under fresh seeds are still to come: functions of the record.

A search takes the best of many scores under one seed, so its winner's is partly luck, and often another of the best few
is better. One run of each under a seed that chose nothing tells most of that; further seeds are spent where the first
ones cannot tell settings apart. Every run goes to its end: what is measured is the score that it would be used for.
"""

from collections.abc import Hashable, Iterable, Mapping
from typing import Any

from results.analysis.gains import gain_over
from results.analysis.seed_groups import seed_groups
from results.record.sweeps import SweepRecord
from trainable import contract
from trainable.ranking import Objective, Row

Config = dict[str, Any]
"""Hyperparameters of a trial; a replicate's hold its seed."""


def finalists(record: SweepRecord, top: int) -> list[Config]:
    """Settings: the starting values, where their trial is there, and the best `top` of the search's others.

    What a trial has reached counts, however it ended.
    """
    first = record.first_trial.setting if record.first_trial else None
    standings = [(trial.setting, record.best_row(trial)) for trial in record.search_trials]
    return chosen(record.objective, standings, first, top)


def chosen(
    objective: Objective, standings: Iterable[tuple[Config, Row | None]], first: Config | None, top: int
) -> list[Config]:
    """Finalists, of the settings of a search's trials and the rows that stand for these.

    Args:
        first: the starting values.
    """
    scored = [(setting, row) for setting, row in standings if row]
    settings = [] if first is None else [first]
    most = len(settings) + top
    for setting, _ in objective.best_first(scored, lambda standing: standing[1]):
        if setting not in settings and len(settings) < most:
            settings.append(setting)
    return settings


def replicates_wanted(record: SweepRecord, top: int, most_seeds: int) -> list[Config]:
    """What is to be run once the search is over and has not begun yet, the first one first; none while it is not known.

    One fresh seed of every finalist that has had none, the sweep's own + 1: of the best setting before the starting
    values, and of these before the others, since a cap may leave no room for all. Then the next one of the leader and
    of each setting whose paired interval beside the leader's holds 0, as soon as all that are being run have ended. A
    run that failed is not repeated, and its setting stays without that seed.

    Args:
        top: settings that run again, beside the starting values; 0 for none at all.
        most_seeds: of one setting.
    """
    first = int(record.settings["seed"]) + 1
    seeds = _seeds_run(record)
    settings = finalists(record, top) if top else []
    if len(settings) < 2:  # nothing was chosen
        return []
    if record.first_trial:
        starting_values, best, *others = settings
        settings = [best, starting_values, *others]
    lacking = [setting for setting in settings if _key(setting) not in seeds]
    if lacking:
        return [_under(setting, first) for setting in lacking]
    if any(trial.is_open for trial in record.replicates):
        return []
    candidates = range(first, first + most_seeds)
    unrun = [
        (seed, setting)
        for setting in _not_told_apart(record)
        for seed in candidates
        if seed not in seeds.get(_key(setting), ())
    ]
    next_seed = min((seed for seed, _ in unrun), default=first)
    return [_under(setting, seed) for seed, setting in unrun if seed == next_seed]


def _not_told_apart(record: SweepRecord) -> list[Config]:
    """The leader and the settings from which its fresh seeds do not tell it apart; none without such a one."""
    confirmed = [group for group in seed_groups([record]) if group.is_confirmed]
    if not confirmed:
        return []
    leader, *others = confirmed
    rivals = [group for group in others if not gain_over(group, leader, record.mode).is_clear]
    return [group.trials[0].trial.setting for group in (leader, *rivals)] if rivals else []


def _seeds_run(record: SweepRecord) -> Mapping[Hashable, set[int]]:
    """The seeds under which each setting was run again, to whatever end, or is being run."""
    seeds: dict[Hashable, set[int]] = {}
    for trial in record.replicates:
        seeds.setdefault(_key(trial.setting), set()).add(record.seed(trial))
    return seeds


def _key(setting: Mapping[str, Any]) -> Hashable:
    return repr(sorted(setting.items()))


def _under(setting: Config, seed: int) -> Config:
    return {**setting, contract.SEED: seed}
