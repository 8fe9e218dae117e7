"""All that follows a running sweep, and the order in which Ray calls it."""

from collections.abc import Callable

from ray.tune import Callback
from rich.console import Console

from results.mirror.elsewhere import Elsewhere
from results.record.sweeps import SweepRecord
from tune.callbacks.optuna_study import OptunaStudyCallback
from tune.callbacks.progress import Progress
from tune.callbacks.recorder import Recorder
from tune.callbacks.tensorboard_events import TensorBoardCallback
from tune.callbacks.wandb_runs import SweepWandbCallback


class Followers:
    """The record of a sweep, and the views of it, from where the record stands, through all its rounds."""

    def __init__(
        self,
        record: SweepRecord,
        wandb_mode: str,
        console: Console,
        num_nodes: Callable[[], int] = lambda: 1,
        elsewhere: Elsewhere | None = None,
    ) -> None:
        """
        Args:
            num_nodes: how many nodes trials may run on.
            elsewhere: of a sweep that is kept in a store.
        """
        self.recorder = Recorder(record, num_nodes, elsewhere)
        self.optuna_study = OptunaStudyCallback(record)
        self.tensorboard = TensorBoardCallback(record, self.recorder)
        self.wandb: SweepWandbCallback | None = None
        if wandb_mode != "disabled":
            self.wandb = SweepWandbCallback(record, self.recorder, wandb_mode, say=console.print)

    def in_order(self, progress: Progress) -> list[Callback]:
        """As Ray is to call them for each event: the recorder first, since the others show what it has written.

        The progress comes last: what it prints of an epoch or a trial is then recorded everywhere.
        """
        return [self.recorder, self.optuna_study, self.tensorboard, *([self.wandb] if self.wandb else []), progress]

    def begin(self) -> None:
        """Make whole what a crash left incomplete in the views."""
        for view in (self.optuna_study, self.tensorboard, self.wandb):
            if view:
                view.begin()

    def end(self) -> None:
        for view in (self.optuna_study, self.tensorboard, self.wandb):
            if view:
                view.end()

    def complete_views(self) -> None:
        """Where nothing is left to run: make whole what a crash left incomplete in the views."""
        for view in (self.tensorboard, self.wandb):
            if view:
                view.begin()
                view.end()
