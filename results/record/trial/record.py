"""One trial as it lies on disk; reading it changes nothing."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from results.files.atomic_write import read_json
from results.files.required import Params, require
from results.record.trial.failures import Failure, read_failure
from results.record.trial.kept_rows import columns_of
from results.record.trial.log import read_rows
from results.record.trial.promotions import Promotion, read_promotions
from results.record.trial.proposals import Proposal, read_proposal
from trainable import contract
from trainable.contract import TrialStatus
from trainable.ranking import Row

OF_OBJECTIVE = "metric", "mode", "constraint"
"""The settings that say what trials are ranked by."""


@dataclass(frozen=True)
class TrialRecord:
    """What one trial left, as it was when it was read. `rows[i]` is epoch i + 1.

    A sweep's record keeps of a trial's rows what `kept_rows` says; `read_trial` gives them whole.
    """

    number: int
    folder: Path
    config: dict[str, Any]
    rows: tuple[Row, ...]
    failure: Failure | None
    promotions: tuple[Promotion, ...] = ()
    """From which rungs it went on, the lowest first."""
    proposal: Proposal | None = None
    """Where its hyperparameters came from; None for a replicate, and in sweeps of earlier versions."""
    columns: tuple[str, ...] = ()
    """The names of all that its rows hold on disk."""

    @property
    def setting(self) -> dict[str, Any]:
        """Its hyperparameters: trials with the same ones, of a confirming sweep, differ by their seed alone."""
        return {name: value for name, value in self.config.items() if name != contract.SEED}

    @cached_property
    def checkpoint_epochs(self) -> list[int]:
        """Epochs after which a checkpoint lies in the folder, oldest first."""
        return list(contract.checkpoints(self.folder))

    @property
    def finished(self) -> bool:
        """Whether nothing is left to do for it: it failed, ran all its epochs or was stopped early.

        Its last row may be on disk and that epoch's checkpoint, which may be the best, not: then epochs are run again.
        """
        is_decided = bool(self.rows) and bool(self.rows[-1].get("done"))
        return bool(self.failure) or (is_decided and not self._lacks_last_checkpoint)

    @property
    def is_paused(self) -> bool:
        """Whether it waits at a rung. One that a cap of the sweep's has paused is as good as interrupted."""
        if not self.rows or self.failure or self.rows[-1].get(contract.PAUSED) != contract.RUNG:
            return False
        has_gone_on = any(promotion.epoch >= len(self.rows) for promotion in self.promotions)
        return not has_gone_on and not self._lacks_last_checkpoint

    @property
    def is_open(self) -> bool:
        """Whether a resume goes on with it before anything else."""
        return not self.finished and not self.is_paused

    @property
    def _lacks_last_checkpoint(self) -> bool:
        """Whether a crash came between its last row and that epoch's checkpoint, so that the newest is the one before.

        Rows of earlier versions do not say whether they were saved: all were.
        """
        saved: list[int] = [0, *(row[contract.EPOCH] for row in self.rows if row.get(contract.CHECKPOINTED, True))]
        newest = max(self.checkpoint_epochs, default=0)
        return saved[-1] == len(self.rows) and newest == saved[-2]

    def status(self, num_epochs: int) -> TrialStatus:
        if self.failure:
            return TrialStatus.DIVERGED if self.failure.kind == contract.DIVERGED else TrialStatus.FAILED
        if self.is_paused:
            return TrialStatus.PAUSED
        if not self.finished:
            return TrialStatus.UNFINISHED
        return TrialStatus.COMPLETED if len(self.rows) >= num_epochs else TrialStatus.STOPPED_EARLY


def read_trial(sweep_folder: Path, number: int) -> TrialRecord:
    """With whole rows.

    Raises:
        UserError: a file of it cannot be read, or was edited to what it cannot hold.
    """
    folder = sweep_folder / contract.trial_folder_name(number)
    config = read_json(folder / contract.PARAMS_FILE)
    require(folder / contract.PARAMS_FILE, config, Params)
    rows = tuple(read_rows(folder))
    return TrialRecord(
        number=number,
        folder=folder,
        config=config,
        rows=rows,
        failure=read_failure(folder),
        promotions=read_promotions(folder),
        proposal=read_proposal(folder, config),
        columns=columns_of(rows),
    )
