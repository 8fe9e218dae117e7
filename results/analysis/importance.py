"""Which hyperparameters decide whether a trial is among the best quarter, by Optuna's PED-ANOVA.

For each hyperparameter PED-ANOVA estimates the density of its values over all trials and over the best quarter, and
takes the divergence of the second from the first. A *share* is that divergence as a part of the sum over all
hyperparameters: shares add up to 1 whether or not anything matters, so each is compared with chance. The scores are
dealt out anew among the trials, many times; a hyperparameter stands out when its divergence, measured by what it is
by chance on average, exceeds what the highest of all hyperparameters reaches in 95 % of these deals.

How far to trust that (benchmarks/importance.py: made-up sweeps of three hyperparameters, with a noise of a quarter of
the effect): where nothing matters, one or another stands out in some 7 of 100 sweeps whose settings were drawn at
random, and in some 12 of 100 that TPE proposed, since it proposes near what was good and its trials are no independent
draws. Of 16 trials, the one that matters stands out in 34 of 100 sweeps drawn at random (42 of those proposed) where
its highest values are best, and in 22 (34) where those in the middle are; of 32 drawn at random in 85 and 70. A test by
ranks of the best quarter against the rest sees the highest about as often (38 and 25 of 16 trials, 92 of 32), and the
middle never.

Only who is in the best quarter enters, so a trial that was stopped early need not have a score like those that ran
in full. The best quarter and not Optuna's best tenth: a tenth of 16 trials is two, and names the hyperparameter that
matters in half of the cases, the quarter in nine of ten (made-up sweeps in which one of three matters).
"""

import random
import sys
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import TYPE_CHECKING, Any, cast

from results.analysis.hyperparameters import Hyperparameter, varied_hyperparameters
from results.analysis.seed_groups import OPEN, SeedGroup
from results.record.space import Space
from trainable.contract import TrialStatus
from trainable.ranking import Objective

if TYPE_CHECKING:
    from optuna.importance import PedAnovaImportanceEvaluator

ALPHA = 0.05
DEALS = 100
FEWEST = 12
"""Trials; the best quarter of fewer is one or two."""
MOST = 1_000
"""Settings, drawn at random from more: with them the deals take a second, and what decides among 10,000 does so among
as many."""


@dataclass(frozen=True)
class Observation:
    """A setting and what came of it."""

    setting: Mapping[str, Any]
    value: float
    """More is better."""
    trials: int = 1


@dataclass(frozen=True)
class Importance:
    """Every varied hyperparameter's share, the largest first; none, and the reason, where nothing can be said.

    Neither where no trial has ended.
    """

    shares: dict[str, float]
    stand_out: tuple[Hyperparameter, ...] = ()
    """Those that matter more than chance would have it."""
    best_quarter: tuple[int, ...] = ()
    """The indices of the observations in it."""
    drawn_from: int = 0
    """How many observations there are, where what is said is of `MOST` of them."""
    reason: str = ""


def observations(groups: Sequence[SeedGroup], objective: Objective) -> list[Observation]:
    """One for each setting that has ended.

    Of a setting that was searched, what the search saw of it: a finalist's score under fresh seeds, which nobody chose
    it by, would stand too low beside the others. One that diverged before it had a score counts as the worst; one that
    failed for reasons of its own, or still runs, tells nothing yet.
    """
    searched = [group.as_searched for group in groups]
    told = [group for group in searched if group.score and group.counted[0].rank_of_evidence > OPEN]
    values = _values(told, objective)
    scored = [Observation(group.setting, values[id(group)], len(group.trials)) for group in told]
    worst = min((observation.value for observation in scored), default=0.0)
    diverged = [
        Observation(group.setting, worst, len(group.trials))
        for group in searched
        if not group.score and any(trial.status is TrialStatus.DIVERGED for trial in group.trials)
    ]
    return scored + diverged


def _values(groups: Sequence[SeedGroup], objective: Objective) -> dict[int, float]:
    """By the id of a setting: its score, where that alone ranks it, else how many are ranked behind it."""
    if len(objective.metrics) == 1 and not objective.constraints:
        return {id(group): -objective.losses(row)[0] for group in groups if (row := group.mean_row(objective))}
    worst_first = reversed(objective.best_first(groups, lambda group: group.mean_row(objective)))
    return {id(group): float(place) for place, group in enumerate(worst_first)}


def importance(observed: Sequence[Observation], space: Space) -> Importance:
    """What decides; the same observations give the same answer.

    Args:
        space: what was searched.
    """
    if len(observed) > MOST:
        drawn = sorted(random.Random(0).sample(range(len(observed)), MOST))
        return replace(importance([observed[index] for index in drawn], space), drawn_from=len(observed))
    if not observed:
        return Importance({})
    varied = varied_hyperparameters([observation.setting for observation in observed], space)
    values = [observation.value for observation in observed]
    best = best_quarter(values)
    unit = "trials" if all(observation.trials == 1 for observation in observed) else "settings"
    reason = _why_nothing_can_be_said(len(values), len(best), unit) if varied else "nothing was varied"
    if reason:
        return Importance({}, reason=reason)
    divergences, by_chance = _divergences(varied, values)
    total = sum(divergences.values())
    if total == 0:
        return Importance({}, reason="the best quarter has the same values as the rest")
    usual = {name: sum(deal[name] for deal in by_chance) / DEALS for name in divergences}

    def beside_chance(divergences: Mapping[str, float], name: str) -> float:
        return divergences[name] / usual[name] if usual[name] else 0.0

    highest = sorted(max(beside_chance(deal, name) for name in deal) for deal in by_chance)
    limit = highest[round((1 - ALPHA) * DEALS) - 1]
    ordered = sorted(varied, key=lambda hyperparameter: (-divergences[hyperparameter.name], hyperparameter.name))
    return Importance(
        shares={hyperparameter.name: divergences[hyperparameter.name] / total for hyperparameter in ordered},
        stand_out=tuple(one for one in ordered if beside_chance(divergences, one.name) > limit),
        best_quarter=tuple(best),
    )


def best_quarter(values: Sequence[float]) -> list[int]:
    """The indices of the best quarter of the values; those equal to its last belong to it."""
    limit = min(sorted(values)[-max(1, len(values) // 4) :])
    return [index for index, value in enumerate(values) if value >= limit]


def _why_nothing_can_be_said(count: int, best: int, unit: str) -> str:
    """Empty when the best quarter can be told from the rest."""
    if count < FEWEST:
        return f"{count} {unit} that ended are too few (at least {FEWEST} are needed)"
    if best == count:
        return f"all {count} {unit} have the same score"
    return f"{best} of {count} {unit} share a score among the best" if best > count / 2 else ""


def _divergences(
    varied: Sequence[Hyperparameter], values: Sequence[float]
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """PED-ANOVA's divergences for the values as they are, and for each time that they are dealt out anew."""
    import optuna
    from optuna.trial import FrozenTrial, create_trial

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study()
    for index in range(len(values)):
        has = [hyperparameter for hyperparameter in varied if index in hyperparameter.values]
        params = {hyperparameter.name: hyperparameter.values[index] for hyperparameter in has}
        distributions = {hyperparameter.name: hyperparameter.distribution for hyperparameter in has}
        study.add_trial(create_trial(value=0.0, params=params, distributions=distributions))
    evaluator = _ped_anova_type()(target_quantile=0.25)

    def evaluate(dealt: Sequence[float]) -> dict[str, float]:
        def loss(trial: FrozenTrial) -> float:
            return -dealt[trial.number]

        return evaluator.evaluate(study, target=loss)

    dealer = random.Random(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that less is better, which it is
        return evaluate(values), [evaluate(dealer.sample(values, len(values))) for _ in range(DEALS)]


def _ped_anova_type() -> "type[PedAnovaImportanceEvaluator]":
    """Optuna's evaluator. Two others beside it want scikit-learn, which takes a second to import: it is not found here.

    In a process that has not imported it, those two say from then on that it is not installed.
    """
    is_hidden = sys.modules.setdefault("sklearn", cast(ModuleType, None)) is None
    try:
        from optuna.importance import PedAnovaImportanceEvaluator
    finally:
        if is_hidden:
            del sys.modules["sklearn"]
    return PedAnovaImportanceEvaluator
