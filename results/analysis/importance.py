"""Which hyperparameters decide whether a trial is among the best quarter, by Optuna's PED-ANOVA.

For each hyperparameter PED-ANOVA estimates the density of its values over all trials and over the best quarter, and
takes the divergence of the second from the first. A *share* is that divergence as a part of the sum over all
hyperparameters: shares add up to 1 whether or not anything matters, so each is held against chance. The scores are
dealt out anew among the trials, many times; a hyperparameter stands out when its divergence, measured by what it is
by chance on average, exceeds what the highest of all hyperparameters reaches in 95 % of these deals.

Only who is in the best quarter enters, so a trial that was stopped early need not have a score like those that ran
in full. The best quarter and not Optuna's best tenth: a tenth of 16 trials is two, and names the hyperparameter that
matters in half of the cases, the quarter in nine of ten (made-up sweeps in which one of three matters).
"""

import random
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from results.analysis.hyperparameters import Hyperparameter, varied_hyperparameters
from results.analysis.observations import ALPHA, Observation, unit_of, why_no_best_quarter
from results.record.space import Space

if TYPE_CHECKING:
    from optuna.distributions import BaseDistribution

DEALS = 100


@dataclass(frozen=True)
class Importance:
    """Every varied hyperparameter's share, the largest first; none, and the reason, where nothing can be said."""

    shares: dict[str, float]
    stand_out: tuple[str, ...] = ()
    """Those that matter more than chance would have it."""
    reason: str = ""


def importance(observed: Sequence[Observation], space: Space) -> Importance:
    """What decides; the same observations give the same answer.

    Args:
        space: what was searched.
    """
    varied = varied_hyperparameters([observation.setting for observation in observed], space)
    values = [observation.value for observation in observed]
    if len(varied) < 2:
        return Importance({}, reason=f"only {varied[0].name} was varied" if varied else "nothing was varied")
    if reason := why_no_best_quarter(values, unit_of(observed), len(varied)):
        return Importance({}, reason=reason)
    divergences, by_chance = _divergences(varied, values)
    total = sum(divergences.values())
    if total == 0:
        return Importance({}, reason="the best quarter has the same values as the rest")
    ordered = sorted(divergences, key=lambda name: (-divergences[name], name))
    usual = {name: sum(deal[name] for deal in by_chance) / DEALS for name in ordered}
    highest = sorted(max(_ratio(deal[name], usual[name]) for name in ordered) for deal in by_chance)
    limit = highest[round((1 - ALPHA) * DEALS) - 1]
    return Importance(
        shares={name: divergences[name] / total for name in ordered},
        stand_out=tuple(name for name in ordered if _ratio(divergences[name], usual[name]) > limit),
    )


def _ratio(divergence: float, usual: float) -> float:
    return divergence / usual if usual else 0.0


def _divergences(
    varied: Sequence[Hyperparameter], values: Sequence[float]
) -> tuple[dict[str, float], list[dict[str, float]]]:
    """PED-ANOVA's divergences for the values as they are, and for each time that they are dealt out anew."""
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator
    from optuna.trial import FrozenTrial, create_trial

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study()
    distributions = {hyperparameter.name: _distribution(hyperparameter) for hyperparameter in varied}
    for place in range(len(values)):
        has = [hyperparameter for hyperparameter in varied if place in hyperparameter.values]
        study.add_trial(
            create_trial(
                value=0.0,
                params={hyperparameter.name: hyperparameter.values[place] for hyperparameter in has},
                distributions={hyperparameter.name: distributions[hyperparameter.name] for hyperparameter in has},
            )
        )
    evaluator = PedAnovaImportanceEvaluator(target_quantile=0.25)

    def evaluate(dealt: Sequence[float]) -> dict[str, float]:
        def loss(trial: FrozenTrial) -> float:
            return -dealt[trial.number]

        return evaluator.evaluate(study, target=loss)

    dealer = random.Random(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that less is better, which it is
        return evaluate(values), [evaluate(dealer.sample(values, len(values))) for _ in range(DEALS)]


def _distribution(hyperparameter: Hyperparameter) -> "BaseDistribution":
    """The recorded values' range, or the choices made."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    values: list[Any] = list(hyperparameter.values.values())
    if hyperparameter.kind is str:
        return CategoricalDistribution(sorted(set(values)))
    distribution = IntDistribution if hyperparameter.kind is int else FloatDistribution
    return distribution(min(values), max(values), log=hyperparameter.log)
