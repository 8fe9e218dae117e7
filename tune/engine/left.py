"""What is left of a sweep, as its record tells: what would run if it went on, and what ended it where more could."""

from collections.abc import Callable
from typing import Any

from results.listing.formatting import counted
from results.record.end import End
from results.record.sweeps import SweepRecord
from results.record.trial.promotions import Promotion, add_promotion
from trainable.contract import UserError
from trainable.terminal.progress import duration
from tune.planning.plan import Plan
from tune.request.settings import SweepSettings
from tune.sampling.names import GRID
from tune.sampling.told import as_told
from tune.searching.caps import time_spent_s
from tune.searching.halving import StoppingASHA
from tune.searching.promotion import PromotingASHA
from tune.searching.replication import replicates_wanted
from tune.searching.spending import Spending

Rule = PromotingASHA | StoppingASHA | None
"""What pauses trials and promotes them, or stops them; None lets each run to its end."""


def trials_left(record: SweepRecord, plan: Plan) -> int:
    """How many trials would run if the sweep went on, as far as that is known before they do."""
    settings = plan.settings
    spending = _spending(record, settings)
    interrupted = sum(trial.is_open and spending.lets_go_on(trial.number) for trial in record.trials)
    of_search = 0 if spending.why_over() else _proposals_and_promotions(record, plan)
    return (interrupted + of_search) or int(min(len(wanted_replicates(record, settings)), spending.room))


def end_of(record: SweepRecord, plan: Plan) -> End | None:
    """What ended a sweep of which nothing may run any more; None where it came to its own end."""
    settings = plan.settings
    spending, lacking = _spending(record, settings), len(wanted_replicates(record, settings))
    by = spending.why_over()
    is_search_cut = bool(by) and (_proposals_and_promotions(record, plan) or any(t.is_open for t in record.trials))
    if not (is_search_cut or lacking):
        return End("sampler", "none of its settings is left to try") if _has_tried_all(record, plan) else None
    by = by or spending.tightest
    of_search, of_replicates = (sum(len(t.rows) for t in ts) for ts in (record.search_trials, record.replicates))
    why = f"{counted(of_search, 'epoch')} of the search"
    if of_replicates:
        why += f" and {of_replicates:,} of replicates"
    if by == "time_budget":
        why += f" in {duration(time_spent_s(record.trials))}"
    if lacking:
        why += f"; {counted(lacking, 'replicate')} more had no room"
    return End(by, why)


def _proposals_and_promotions(record: SweepRecord, plan: Plan) -> int:
    """What the search would still do without caps: trials to propose, and whether any is to be promoted."""
    rule = rule_of(plan.settings, record)
    is_promoted = isinstance(rule, PromotingASHA) and rule.next_promotion() is not None
    to_propose = 0 if _has_tried_all(record, plan) else plan.settings.num_samples - record.num_proposals
    return max(0, to_propose) + is_promoted


def _has_tried_all(record: SweepRecord, plan: Plan) -> bool:
    """Whether trials are wanted that a grid has no setting for."""
    number = record.num_proposals
    if plan.settings.sampler != GRID or not 0 < number < plan.settings.num_samples:
        return False
    told = [as_told(record, trial) for trial in record.search_trials]
    refused = [refusal.hyperparameters for refusal in record.refusals if refusal.number == number]
    return plan.propose(number, told, refused) is None


def _spending(record: SweepRecord, settings: SweepSettings) -> Spending:
    return Spending(record, settings.caps, settings.rule_to_stop, lambda: time_spent_s(record.trials))


def wanted_replicates(record: SweepRecord, settings: SweepSettings) -> list[dict[str, Any]]:
    return replicates_wanted(record, settings.replicate, settings.replicate_seeds)


def rule_of(settings: SweepSettings, record: SweepRecord) -> Rule:
    """The sweep's rule as its record has left it."""
    of_settings = settings.objective, settings.num_epochs, settings.grace_period, settings.reduction_factor
    match settings.scheduler:
        case "promote":
            rule: PromotingASHA | StoppingASHA = PromotingASHA(*of_settings)
        case "asha":
            rule = StoppingASHA(*of_settings)
        case _:
            return None
    rule.follow(record.search_trials)
    return rule


def promote(settings: SweepSettings, record: SweepRecord, most: int, say: Callable[[str], object]) -> list[int]:
    """Have the best of the paused trials go on, those at the highest rung first; their numbers.

    Raises:
        UserError: none is paused.
    """
    rule = rule_of(settings, record)
    waiting = rule.waiting if isinstance(rule, PromotingASHA) else []
    if not waiting:
        raise UserError(f"--promote {most}: no trial of {record.name} is paused; leave it out")
    by_number = {trial.number: trial for trial in record.search_trials}
    num_rows = sum(len(trial.rows) for trial in record.trials)
    for number in waiting[:most]:
        trial = by_number[number]
        add_promotion(trial.folder, Promotion(len(trial.rows), num_rows))
        say(f"trial {number}: goes on after epoch {len(trial.rows)}")
    return waiting[:most]
