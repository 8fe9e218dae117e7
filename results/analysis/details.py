"""What a trial and the baselines achieve in more detail than a score, where the run could tell."""

from collections.abc import Sequence

from pydantic import TypeAdapter

from results.record.sweeps import SweepRecord
from results.record.trial.record import TrialRecord
from results.record.upgrade import details_of_format_3
from trainable import contract
from trainable.score_parts import Baseline, Details, ScoreParts, read_details

_BASELINES = TypeAdapter(tuple[Baseline, ...])


def score_details(record: SweepRecord, trial: TrialRecord) -> Details | None:
    """Of the epoch that gave the trial its score; None where the run tells none, or its checkpoint is not there."""
    best, checkpoint = record.best_row(trial), record.best_checkpoint(trial)
    if best is None or checkpoint is None:
        return None
    return read_details(checkpoint) or details_of_format_3(checkpoint, best[contract.EPOCH])


def score_parts(record: SweepRecord, trial: TrialRecord) -> ScoreParts | None:
    """Those of its score; none where the trials are ranked by another metric than the run's objective."""
    details = score_details(record, trial) if record.metric == record.data["objective"] else None
    return details.parts if details else None


def baselines(record: SweepRecord) -> tuple[Baseline, ...]:
    """As the record lists them."""
    return _BASELINES.validate_python(record.data["baselines"])


def comparable_baselines(record: SweepRecord) -> tuple[Baseline, ...]:
    """Those that scores can be compared with; none where the trials are ranked by another metric than they are."""
    return baselines(record) if record.metric == record.data["objective"] else ()


def mean_parts(of_trials: Sequence[ScoreParts | None]) -> ScoreParts | None:
    """The parts of the mean score of several trials, such as those of one setting's seeds; None if one lacks them."""
    parts = [one for one in of_trials if one]
    if not parts or len(parts) < len(of_trials):
        return None
    sums = tuple(sum(of_part) / len(parts) for of_part in zip(*(one.sums for one in parts), strict=True))
    counts = tuple(sum(of_part) / len(parts) for of_part in zip(*(one.counts for one in parts), strict=True))
    return ScoreParts(parts[0].unit, sums, counts)
