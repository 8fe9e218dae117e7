"""A kind of run and a run, as a sweep sees them: what must be there, and what is done where a kind says nothing."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from trainable.contract import FP32, TF32
from trainable.runs.description import DataDescription
from trainable.runs.gpu_use import GpuUse
from trainable.score_parts import Details, Figure, Judged, Metric


class Diverged(Exception):
    """The training's numbers are no longer finite: nothing to retry, and no fault of the code."""


class DamagedCheckpoint(Exception):
    """A checkpoint that cannot be read back whole; an older one may be."""


@dataclass(frozen=True)
class WorkerContext:
    """What a process that trains has been given."""

    num_threads: int
    """Of the CPU."""
    devices: tuple[str, ...]
    """Torch devices: ("cpu",), or GPUs as this process counts them, ("cuda:0", "cuda:1")."""
    memory_share: float
    """The part of each GPU's memory that is this process's: several trials may share a GPU. Torch keeps to it."""
    precision: str = field(default=FP32, kw_only=True)
    """One of the contract's PRECISIONS. For tf32 torch has been set up; under bf16, what a run computes of its loss
    belongs within `trainable.torch_process.autocast`."""


@dataclass(frozen=True)
class RunContext(WorkerContext):
    """What a trial gives its run besides settings and data."""

    seed: int
    num_epochs: int
    """Most epochs of it: what a schedule of the learning rate is made for."""
    workspace: Path
    """A folder for what the run writes as it goes: empty when it starts, removed after it."""
    loaded: Any = None
    """What the kind's `load` gave in this process."""


class Run(ABC):
    """One training in progress."""

    @abstractmethod
    def step(self) -> Mapping[str, float]:
        """Train for one epoch and return its metrics: numbers by name, the objective among them.

        Raises:
            Diverged: the numbers are no longer finite.
        """

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write into an existing, empty folder all that `load` needs; folders in it are welcome.

        The best epoch's is kept besides the last two, so a run stores its weights once, as they are.
        """

    @abstractmethod
    def load(self, folder: Path) -> None:
        """Go on, after `start`, from what `save` wrote, bit for bit; a checkpoint's files are known to be whole.

        Raises:
            DamagedCheckpoint: it cannot be gone on with all the same; an older one may be.
        """

    def close(self) -> None:  # noqa: B027 (nothing to release is common)
        """Release everything but data and what was loaded, which other runs share."""

    def samples(self) -> Sequence[Mapping[str, str | float]]:
        """A few rows to look at of the epoch just done, such as prompts with their answers; all with the same names.

        Asked for once after each `step`. Of an epoch the first `samples.MOST_ROWS` are kept, each text up to
        `samples.LONGEST_TEXT` characters.
        """
        return ()

    def gpu_use(self) -> GpuUse | None:
        """What the epoch just done took of its GPU, from a run that computes there without torch; else torch is asked.

        Asked for while it is not known yet how many trials are to share a GPU.
        """
        return None

    def details(self) -> Details | None:
        """What was achieved in the epoch just done, in more detail than its metrics; kept with its checkpoint."""
        return None


class RunKind(ABC):
    """What a sweep must know of a kind of run. Importing it costs nothing: heavy imports wait in its methods."""

    name: ClassVar[str]
    settings_type: ClassVar[type]
    """A frozen dataclass. Every field is a setting of a trial (`settings_fields.setting` declares one) and a flag of
    the sweep; what is searched starts from its default, in the first trial, and what has none must be given. Its types
    are those of `settings.values.DECLARABLE`, and no name is one of the sweep's own. Its `__post_init__` raises a
    UserError or a ValueError on a value that no trial can have."""
    search_space: ClassVar[str]
    """What is searched by default: a name, or an absolute path to a file, as --search_space takes it."""
    run_name: ClassVar[str]
    """What a trial is called at W&B: a format of its hyperparameters and settings and of when the sweep was `created`.
    A text and not a function, so that the sweep's record can hold it."""
    objective: ClassVar[str]
    """The metric that ranks trials."""
    metrics: ClassVar[Sequence[Metric]]
    """What is to be known of what a run reports, the objective first of all; it may report more."""
    trade_off: ClassVar[str] = ""
    """A metric that a better score may cost: the Pareto set's second axis."""
    figures: ClassVar[Sequence[Figure]] = ()
    """The charts that the curves of `Run.details` and of the baselines are drawn in."""
    packages: ClassVar[Sequence[str]] = ()
    """What it builds on, by the names under which pip installs it: the record keeps their versions."""
    wandb_project: ClassVar[str] = "grpo-sweep"
    """Where runs go at W&B when neither the user nor the environment says."""
    uses_torch: ClassVar[bool] = True
    """Whether torch is set up for its runs: CPU threads, deterministic algorithms. Without it a worker starts in half
    the time."""
    precisions: ClassVar[Sequence[str]] = (FP32, TF32)
    """What its runs can be told to train in; without torch it is fp32 alone. A kind that names bf16 computes in it when
    `WorkerContext.precision` says so."""
    reuses_worker: ClassVar[bool] = True
    """Whether one process may run trial after trial; a new one costs seconds, and leaves nothing behind."""
    train_script: ClassVar[str | None] = None
    """A script of the project that trains one such run without a sweep, if there is one: it takes every setting,
    --seed, --num_epochs, --precision, --num_threads, --device and --output_dir as flags, and gives the numbers a trial
    would."""
    evaluate_script: ClassVar[str | None] = None
    """A script of the project that judges the best checkpoint in a trial's folder, if there is one; with
    `--split test` on data that no trial has seen."""

    @property
    def modes(self) -> dict[str, str]:
        """Every metric that trials can be ranked by, and whether its 'max' or its 'min' is best."""
        return {metric.name: metric.direction for metric in self.metrics if metric.direction}

    def defaults(self, settings: Any) -> Mapping[str, Any]:
        """Settings by name that have another default beside the ones that were given, such as those of a task's file.

        Raises:
            UserError: what names them cannot be read.
        """
        return {}

    def check(self, settings: Any) -> None:  # noqa: B027 (settings that do not depend on each other are common)
        """Refuse a whole proposal before it becomes a trial: values that are fine alone and not together.

        Another is drawn then, and the reason is recorded.

        Raises:
            UserError, ValueError: why no trial can have these settings.
        """

    def prepare(self, settings: Any) -> Any:
        """Read the data that trials share; it is put into Ray's object store once.

        Raises:
            UserError: it cannot be read, or nothing can be trained on it.
        """
        return None

    @abstractmethod
    def describe(self, settings: Any, data: Any) -> DataDescription:
        """The data in words and numbers."""

    def load(self, settings: Any, context: WorkerContext) -> Any:
        """What is dear and cannot travel, such as a model: loaded once in each process that trains, for all its trials.

        Args:
            settings: the sweep's; a trial's own differ in what is searched.
        """
        return None

    @abstractmethod
    def start(self, settings: Any, data: Any, context: RunContext) -> Run:
        """Begin a run at epoch 0, in a process that `set_up_torch` has prepared."""

    def test(self, settings: Any, data: Any, context: WorkerContext, checkpoint: Path) -> Judged | None:
        """What a checkpoint achieves on data that no trial has seen; None where there is none.

        Asked once a sweep, of its winner, in a process of its own with a trial's resources, which has not called
        `load`. What it raises is a sentence, and costs the sweep nothing else.

        Args:
            settings: the trial's.
            checkpoint: what `Run.save` wrote; its files are known to be whole.
        """
        return None
