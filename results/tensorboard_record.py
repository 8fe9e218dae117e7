"""One trial's TensorBoard events, written from its rows: the contract's tags, the epoch as step, and HParams."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from torch.utils.tensorboard.summary import hparams
from torch.utils.tensorboard.writer import SummaryWriter

from results.ranking import Row, score
from results.whole_views import mark_whole
from trainable import contract

VIEW = "tensorboard"
SCORE_TAG = "Score"
"""The objective at the trial's best epoch, written when it ends; the HParams tab compares trials by it."""


class TrialEvents:
    """The events of one trial. Opening it replaces what lies there, so the curve is one and whole after a resume."""

    def __init__(self, folder: Path, config: Mapping[str, Any], metric: str, mode: str) -> None:
        for stale in folder.glob("events.out.tfevents.*"):
            stale.unlink()
        self._folder, self._metric, self._mode = folder, metric, mode
        self._rows: list[Row] = []
        self._writer = SummaryWriter(str(folder), max_queue=1)
        experiment, start, self._end = hparams(dict(config), {SCORE_TAG: 0.0})
        self._add_summary(experiment)
        self._add_summary(start)

    def append(self, rows: Iterable[Row]) -> None:
        """Write epochs that are not there yet."""
        for row in rows:
            if row[contract.EPOCH] == len(self._rows) + 1:
                self._rows.append(row)
                for name, value in row.items():
                    if contract.is_metric(name):
                        self._writer.add_scalar(name, value, row[contract.EPOCH])
        self._writer.flush()

    def close(self) -> None:
        """Add the trial's score and mark the view as whole."""
        value = score(self._rows, self._metric, self._mode)
        if value is not None:
            self._writer.add_scalar(SCORE_TAG, value, len(self._rows))
        self._add_summary(self._end)
        self._writer.close()
        mark_whole(self._folder, VIEW, len(self._rows))

    def _add_summary(self, summary: Any) -> None:
        """What `SummaryWriter.add_hparams` writes, but into the trial's own folder instead of a new one below it."""
        file_writer = self._writer._get_file_writer()
        assert file_writer
        file_writer.add_summary(summary)
