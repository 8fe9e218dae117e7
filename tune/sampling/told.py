"""What a sampler is told of the trials before its proposal."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from results.record.sweeps import SweepRecord
from results.record.trial.proposals import Proposal
from results.record.trial.record import TrialRecord
from trainable.contract import TrialStatus
from trainable.ranking import Row


class TrialState(StrEnum):
    """How a trial stands when the next one is proposed."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    COMPLETED = "completed"
    FAILED = "failed"


@dataclass(frozen=True)
class ToldTrial:
    """One trial of the search."""

    config: Mapping[str, Any]
    state: TrialState
    epochs: int = 0
    best: Row | None = None
    """Its representative row so far."""
    proposal: Proposal | None = None
    """Where its hyperparameters came from; None in records of earlier versions."""


STATES = {
    TrialStatus.COMPLETED: TrialState.COMPLETED,
    TrialStatus.STOPPED_EARLY: TrialState.STOPPED,
    TrialStatus.PAUSED: TrialState.PAUSED,
    TrialStatus.UNFINISHED: TrialState.RUNNING,
    TrialStatus.DIVERGED: TrialState.FAILED,
    TrialStatus.FAILED: TrialState.FAILED,
}


def as_told(record: SweepRecord, trial: TrialRecord) -> ToldTrial:
    """A trial of a sweep as its record has left it."""
    state = STATES[trial.status(record.num_epochs)]
    best = record.best_row(trial)
    kept = record.objective.ranked_by(best) if best else None
    return ToldTrial(trial.config, state, len(trial.rows), kept, trial.proposal)
