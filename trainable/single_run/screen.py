"""What a training says: a line an epoch, and on a terminal a progress bar below; then what came of it."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

from trainable import contract
from trainable.contract import shown_path
from trainable.grpo.checkpoint import BEST_FILE
from trainable.ranking import Row
from trainable.single_run.plan import OBJECTIVE, Plan
from trainable.terminal.console import PlainConsole


class Screen:
    """The console of one training. Other threads may `say` something too."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._num_epochs = plan, plan.settings.num_epochs
        self._console = PlainConsole()

    def say(self, text: str) -> None:
        self._console.print(text)

    def show_start(self) -> None:
        """What is trained on what, and where it is recorded."""
        plan, settings = self._plan, self._plan.settings
        self.say(f"Training in {shown_path(settings.folder)}")
        self.say(f"  data    {plan.description.summary}")
        values = ", ".join(f"{name} {value:g}" for name, value in plan.hyperparameters.items())
        self.say(f"  run     {self._num_epochs} epochs on {plan.device}, {values}, seed {settings.seed}")
        self.say(f"  best    the {OBJECTIVE.mode} of {OBJECTIVE.metric}, marked *")

    @contextmanager
    def epochs(self, done: int) -> Iterator[None]:
        """On a terminal, a bar while the block runs, below all that is said."""
        columns = ("epoch", MofNCompleteColumn(), BarColumn(), "{task.fields[numbers]}", TimeRemainingColumn())
        no_terminal = not self._console.is_terminal
        self._bar = Progress(*columns, console=self._console, transient=True, disable=no_terminal)
        self._task = self._bar.add_task("", total=self._num_epochs, completed=done, numbers="")
        with self._bar:
            yield

    def show_epoch(self, row: Row, is_best: bool) -> None:
        """The epoch's line, and the bar moved on."""
        self.say(_epoch_line(row, self._num_epochs) + (" *" if is_best else ""))
        numbers = (
            f"loss {row[contract.TRAIN_LOSS]:.4f}  reward {row[contract.TRAIN_REWARD_MEAN]:.3f}  "
            f"accuracy {row[contract.TRAIN_ACCURACY_MEAN]:.3f}"
        )
        self._bar.update(self._task, completed=row[contract.EPOCH], numbers=numbers)

    def show_end(self, best: Row | None, can_go_on: bool) -> None:
        """The best epoch beside the baselines, where it lies, and how to look at it; how to go on, where one can."""
        folder = self._plan.settings.folder
        if best:
            beside = ", ".join(f"{baseline.name} {baseline.value:.3f}" for baseline in self._plan.description.baselines)
            reached = f"Best: epoch {best[contract.EPOCH]}, {OBJECTIVE.metric} {best[OBJECTIVE.metric]:.3f}"
            self.say(f"{reached} ({beside})" if beside else reached)
            self.show_command("Best policy", _quoted(folder / BEST_FILE))
            if not self._plan.settings.no_tensorboard:
                self.show_command("TensorBoard", f"tensorboard --logdir {_quoted(folder)}")
        if can_go_on:
            self.show_command("Resume", resume_command(folder))

    def show_command(self, title: str, command: str) -> None:
        self.say(f"{title:<15}{command}")


def resume_command(folder: Path) -> str:
    """What goes on with the training that lies there."""
    script = _quoted(contract.PROJECT / "trainable/train_joint_controller.py")
    return f"python {script} --resume --output_dir {_quoted(folder)}"


def _quoted(path: Path) -> str:
    return shlex.quote(shown_path(path))


def _epoch_line(row: Row, num_epochs: int) -> str:
    epoch = f"epoch {row[contract.EPOCH]:>{len(str(num_epochs))}}/{num_epochs}"
    training = (
        f"loss {row[contract.TRAIN_LOSS]:.4f}"
        f"  reward {row[contract.TRAIN_REWARD_MEAN]:.3f} ± {row[contract.TRAIN_REWARD_STD]:.3f}"
        f"  accuracy {row[contract.TRAIN_ACCURACY_MEAN]:.3f} ± {row[contract.TRAIN_ACCURACY_STD]:.3f}"
        f"  latency {row[contract.TRAIN_LATENCY_MEAN]:.1f} ± {row[contract.TRAIN_LATENCY_STD]:.1f} ms"
        f"  late {row[contract.TRAIN_VIOLATION_RATE]:.1%}"
    )
    validation = (
        f"validation: reward {row[contract.VAL_REWARD_MEAN]:.3f}  accuracy {row[contract.VAL_ACCURACY_MEAN]:.3f}"
        f"  latency {row[contract.VAL_LATENCY_MEAN]:.1f} ms  late {row[contract.VAL_VIOLATION_RATE]:.1%}"
        f"  in budget {row[contract.VAL_IN_BUDGET_ACCURACY]:.3f}"
    )
    return f"{epoch}  {training} | {validation}"
