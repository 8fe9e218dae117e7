"""What a trial's best policy and the baselines achieve in more detail than a score, where the run could tell."""

from collections.abc import Sequence

from results.record.sweeps import SweepRecord, TrialRecord
from trainable import contract
from trainable.score_parts import Baseline, BestPolicy, ScoreParts


def best_policy(record: SweepRecord, trial: TrialRecord) -> BestPolicy | None:
    """That of the trial's score; None where the run does not tell, or means another epoch by "best".

    It does when trials are ranked by another metric than the run's own objective, and while a checkpoint is one epoch
    behind the rows.
    """
    best, checkpoint = record.best_row(trial), record.best_checkpoint(trial)
    if best is None or checkpoint is None or record.metric != record.data["objective"]:
        return None
    policy = BestPolicy.read(checkpoint)
    return policy if policy and policy.epoch == best[contract.EPOCH] else None


def baselines(record: SweepRecord) -> tuple[Baseline, ...]:
    """As the record lists them; none where the trials are ranked by another metric than the baselines are judged by."""
    if record.metric != record.data["objective"]:
        return ()
    return tuple(Baseline.from_json(content) for content in record.data["baselines"])


def mean_parts(of_policies: Sequence[ScoreParts | None]) -> ScoreParts | None:
    """The parts of the mean score of several policies, such as those of one setting's seeds; None if one lacks them."""
    parts = [one for one in of_policies if one]
    if not parts or len(parts) < len(of_policies):
        return None
    sums = tuple(sum(of_part) / len(parts) for of_part in zip(*(one.sums for one in parts), strict=True))
    counts = tuple(sum(of_part) / len(parts) for of_part in zip(*(one.counts for one in parts), strict=True))
    return ScoreParts(parts[0].unit, sums, counts)
