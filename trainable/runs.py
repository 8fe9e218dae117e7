"""The run protocol: all that a sweep knows of what it trains, and the names by which runs are chosen.

A sweep asks a `RunKind` what there is to know before any trial (its settings, its objective, its data), hands the data
to the workers once, and lets each trial `start` a `Run` there, or go on with it at a checkpoint. Nothing else crosses
this seam.
"""

import importlib
import numbers
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from trainable.contract import SettingError, UserError, checkpoints, is_metric
from trainable.score_parts import Baseline
from trainable.terminal.text import one_line

KINDS = {"joint_controller": "trainable.grpo.joint_controller:KIND"}


class Diverged(Exception):
    """The training's numbers are no longer finite: nothing to retry, and no fault of the code."""


class DamagedCheckpoint(Exception):
    """A checkpoint that cannot be read back whole; an older one may be."""


@dataclass(frozen=True)
class DataDescription:
    """What the trials run on. Scores of two sweeps are comparable where objective and fingerprint are the same."""

    summary: str
    fingerprint: str
    baselines: tuple[Baseline, ...]
    inputs: str = ""
    """Of data that is more than what trials are scored on, the rest: where it differs, trials can be compared but are
    not of one training. Like the fingerprint it says what the data is, wherever it lies."""

    def require_same(self, recorded: Mapping[str, Any], flag: str, consequence: str) -> None:
        """Refuse to go on with other data than a record's.

        Args:
            recorded: what data.json holds; an older one lacks what is not compared then.

        Raises:
            UserError: it names the flag, both data and the consequence.
        """
        now = {"fingerprint": self.fingerprint, "inputs": self.inputs}
        for name, value in now.items():
            before = recorded.get(name) or value
            if before != value:
                raise UserError(
                    f"{flag}: this is not the data that it ran on ({name} {value}, {self.summary}; it was {before}, "
                    f"{recorded['summary']}){consequence}"
                )


class Run(Protocol):
    """One training in progress."""

    def step(self) -> dict[str, float]:
        """Train for one epoch and return its metrics, as `reported_metrics` takes them. Raises Diverged."""

    def save(self, folder: Path) -> None:
        """Write into an existing, empty folder all that `load` needs, and the best policy so far.

        A run that can tell what that policy achieves under budgets and on parts of the data writes a `BestPolicy` too.
        """

    def load(self, folder: Path) -> None:
        """Go on from what `save` wrote, bit for bit. Raises DamagedCheckpoint."""

    def close(self) -> None:
        """Release everything but the data, which other runs share."""


class RunKind(Protocol):
    """What a sweep must know of a kind of run. Importing it costs nothing: heavy imports wait in its methods."""

    name: str
    settings_type: type
    """A frozen dataclass. Every field is a setting of a trial (`settings_fields.setting` declares one) and a flag of
    the sweep; what is searched starts from its default, in the first trial. Its `__post_init__` raises a UserError on
    a value that no trial can have."""
    search_space: str
    run_name: str
    """What a trial is called at W&B: a format of its hyperparameters and settings and of when the sweep was `created`.
    A text and not a function, so that the sweep's record can hold it."""
    objective: str
    modes: Mapping[str, str]
    """Every metric a trial can be ranked by, and whether its 'max' or its 'min' is best."""
    train_script: str | None
    """A script of the project that trains one such run without a sweep, if there is one: it takes every setting,
    --seed, --num_epochs, --num_threads, --device and --output_dir as flags, and gives the numbers a trial would."""
    evaluate_script: str | None
    """A script of the project that judges the best policy in a trial's folder, if there is one; with `--split test` on
    data that no trial has seen."""

    def prepare(self, settings: Any) -> Any:
        """Read what is expensive to load; it is put into Ray's object store once and shared by all runs.

        Raises:
            UserError: it cannot be read, or nothing can be trained on it.
        """

    def describe(self, settings: Any, data: Any) -> DataDescription:
        """The data in words and numbers."""

    def start(self, settings: Any, data: Any, seed: int, device: str) -> Run:
        """Begin a run at epoch 0 on a torch device, in a process that `set_up_torch` has prepared."""


def find_run_kind(name: str) -> RunKind:
    """A kind of run by its name, or by `module:attribute`.

    Raises:
        UserError: there is none of that name.
    """
    module_name, _, attribute = KINDS.get(name, name).partition(":")
    if not attribute:
        raise SettingError(
            "run", f" {name!r}: no such run; it can be {', '.join(KINDS)} or module:attribute of your own"
        )
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise SettingError("run", f" {name!r}: {error}; put its folder on PYTHONPATH") from None
    if not hasattr(module, attribute):
        raise SettingError("run", f" {name!r}: module {module_name} has no {attribute!r}")
    kind: RunKind = getattr(module, attribute)
    return kind


def reported_metrics(reported: Mapping[str, Any], objective: str) -> dict[str, float]:
    """What a run's step gave, as the record holds it: numbers of Python's, under names that are no other column's.

    Raises:
        TypeError, ValueError: something in it is no metric.
        KeyError: the objective, by which trials are ranked, is not in it.
    """
    if not isinstance(reported, Mapping):
        raise TypeError(f"the run reported {reported!r:.40} of an epoch, not a dict of metrics")
    metrics = {}
    for name, value in reported.items():
        if not isinstance(name, str) or not is_metric(name) or one_line(name) != name:
            raise ValueError(
                f"the run reported {name!r:.40}; a metric's name is text that begins with Train/, Val/ or Perf/"
            )
        plain = value.item() if hasattr(value, "item") else value
        if not isinstance(plain, numbers.Real):
            raise TypeError(f"the run reported a {type(value).__name__} as {name}; a metric is a number")
        try:
            metrics[name] = float(plain)
        except OverflowError:
            raise ValueError(f"the run reported a number too large for a float as {name}") from None
    if objective not in metrics:
        raise KeyError(f"the run reported no {objective}, by which trials are ranked; it reported {[*metrics]}")
    return metrics


AnyRun = TypeVar("AnyRun", bound=Run)


def resumed_run(folder: Path, recorded_epochs: int, start: Callable[[], AnyRun]) -> tuple[AnyRun, int, str | None]:
    """A run at the newest whole checkpoint in `folder`, or at its start when there is none.

    Args:
        recorded_epochs: a checkpoint beyond them is not used: its epochs are run again and recorded.
        start: makes a run at epoch 0.

    Returns:
        The run, the epoch it stands at, and a sentence when a damaged checkpoint was passed over.
    """
    run, epoch, damage = start(), 0, None
    for saved_epoch, checkpoint in reversed(checkpoints(folder).items()):
        if saved_epoch > recorded_epochs:
            continue
        try:
            run.load(checkpoint)
            epoch = saved_epoch
            break
        except DamagedCheckpoint as error:
            run.close()
            run, damage = start(), damage or error
    note = f"damaged checkpoint passed over, training goes on from epoch {epoch}: {damage}" if damage else None
    return run, epoch, note
