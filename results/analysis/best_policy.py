"""What a trial's best policy and the baselines achieve in more detail than a score, where the run could tell."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from results.record.sweeps import SweepRecord, TrialRecord
from trainable import contract
from trainable.score_parts import ScoreParts


@dataclass(frozen=True)
class Achieved:
    """A policy's or a baseline's numbers on validation."""

    under_budgets: tuple[Mapping[str, float], ...]
    """One entry per latency budget: budget_ms, in_budget_accuracy, accuracy, latency_ms, violation_rate."""
    parts: ScoreParts | None


def achieved_by_trial(record: SweepRecord, trial: TrialRecord) -> Achieved | None:
    """Of the policy at the trial's score; None where the run does not tell, or means another epoch by "best".

    It does when trials are ranked by another metric than the run's own objective, and while a checkpoint is one epoch
    behind the rows.
    """
    best, epochs = record.best_row(trial), trial.checkpoint_epochs
    if best is None or not epochs or record.metric != record.data.get("objective"):
        return None
    file = trial.folder / contract.checkpoint_folder_name(epochs[-1]) / contract.BEST_POLICY_FILE
    try:
        content = json.loads(file.read_text())
    except (FileNotFoundError, ValueError):  # of a run that does not tell, or being written or replaced just now
        return None
    return _achieved(content) if content["epoch"] == best[contract.EPOCH] else None


def baselines_achieved(record: SweepRecord) -> dict[str, Achieved]:
    """Each baseline's, by its name, where the trials are ranked by what the baselines are measured in."""
    if record.metric != record.data.get("objective"):
        return {}
    return {baseline["name"]: _achieved(baseline) for baseline in record.data["baselines"]}


def mean_parts(achieved: Sequence[Achieved | None]) -> ScoreParts | None:
    """The parts of the mean score of several policies, such as those of one setting's seeds; None if one lacks them."""
    parts = [one.parts for one in achieved if one and one.parts]
    if not parts or len(parts) < len(achieved):
        return None
    sums = tuple(sum(of_part) / len(parts) for of_part in zip(*(one.sums for one in parts), strict=True))
    counts = tuple(sum(of_part) / len(parts) for of_part in zip(*(one.counts for one in parts), strict=True))
    return ScoreParts(parts[0].unit, sums, counts)


def _achieved(content: Mapping[str, Any]) -> Achieved:
    parts = content.get("parts")
    return Achieved(
        tuple(content.get("under_budgets", ())),
        ScoreParts(parts["unit"], tuple(parts["sums"]), tuple(parts["counts"])) if parts else None,
    )
