"""The checks, in the order in which a kind of run is put through them: each says what has to hold, and how to mend it.

They try what can be tried in a minute, on the settings that they are given. What a GPU or other settings do
differently they do not see.
"""

import contextlib
import math
import os
import pickle
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from trainable.conformance.faults import Divergence, Fault, told_of
from trainable.conformance.rehearsal import (
    CLOCK,
    Epoch,
    Outcome,
    Stage,
    Stretch,
    Worker,
    gone_on_with,
    in_fresh_process,
    judged_on_test_data,
    played,
)  # fmt: skip
from trainable.conformance.traces import left_since, traces
from trainable.contract import FP32, SettingError, UserError, checkpoint_folder_name
from trainable.on_test_data import has_test_data
from trainable.runs import DataDescription, RunKind, WorkerContext
from trainable.runs.choosing import find_run_kind
from trainable.runs.description import checked_description
from trainable.settings_fields import with_values

FROM_SEED_AND_EPOCH = "draw all that is random in an epoch from (seed, epoch), as trainable.seeds.seed_of does"


@dataclass(frozen=True)
class Wanted:
    """What is to be tried."""

    run: str
    """A name that `find_run_kind` knows."""
    settings: Any
    searched: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    """By hyperparameter, the ends of its range or its choices."""
    seed: int = 0
    num_epochs: int = 3
    cpus: float = 1.0
    gpus: float | None = None
    """Or a share of one; by default one, where there are any."""
    precision: str = FP32
    dumps: Callable[..., bytes] = pickle.dumps
    """What pickles settings and data on their way to another process."""


@dataclass(frozen=True)
class Verdict:
    promise: str
    facts: str = ""
    fault: Fault | None = None


@dataclass
class Rehearsals:
    """What the checks share: where runs are tried, and the epochs that all others are compared with."""

    wanted: Wanted
    kind: RunKind
    folder: Path
    stage: Stage = field(init=False)
    description: DataDescription = field(init=False)
    worker: Worker = field(init=False)
    epochs: tuple[Epoch, ...] = ()

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def temporary(self) -> Path:
        return self.folder / "temporary"

    @property
    def here(self) -> Path:
        return self.folder / "here"

    def play(self, epochs: int, **options: Any) -> Outcome:
        """A stretch of a run in this process, or in one of its own where the kind wants that."""
        stretch = Stretch(**{"seed": self.wanted.seed, "epochs": epochs, **options})
        return self.worker.play(stretch) if self.kind.reuses_worker else in_fresh_process(played, self.stage, stretch)

    def stretch_after(self, epoch: int) -> dict[str, Any]:
        """What goes on after an epoch, to the end."""
        checkpoint = self.checkpoints / checkpoint_folder_name(epoch)
        return {"after": checkpoint, "first": epoch + 1, "epochs": self.wanted.num_epochs - epoch}


def checked(wanted: Wanted) -> Iterator[Verdict]:
    """Put a kind of run through all of it; after a fault in the first two nothing else can be tried."""
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as places:
        rehearsals = Rehearsals(wanted, find_run_kind(wanted.run), Path(folder).resolve())
        for number, (promise, check) in enumerate(CHECKS.items()):
            if check is trains:  # what lies where the sweep is started is read before any trial
                places.enter_context(_elsewhere(rehearsals.here, rehearsals.temporary))
            try:
                yield Verdict(promise, check(rehearsals))
            except Fault as fault:
                yield Verdict(promise, fault=fault)
                if number < 2:
                    return


@contextlib.contextmanager
def _elsewhere(here: Path, temporary: Path) -> Iterator[None]:
    """Have this process and its children stand in one folder and put temporary files into another; both are new."""
    here.mkdir()
    temporary.mkdir()
    before = os.environ.get("TMPDIR")
    try:
        with contextlib.chdir(here):
            os.environ["TMPDIR"], tempfile.tempdir = str(temporary), None
            yield
    finally:
        tempfile.tempdir = None
        if before is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = before


def is_described(rehearsals: Rehearsals) -> str:
    wanted, kind = rehearsals.wanted, rehearsals.kind
    with told_of("`check`"):
        kind.check(wanted.settings)
    with told_of("`prepare`"):
        data = kind.prepare(wanted.settings)
    with told_of("`describe`"):
        described = rehearsals.description = checked_description(kind.describe(wanted.settings, data))
    buffers: list[pickle.PickleBuffer] = []
    with told_of("pickling the settings"):
        settings = wanted.dumps(wanted.settings)
    with told_of("pickling what `prepare` gave"):
        pickled = wanted.dumps(data, protocol=5, buffer_callback=buffers.append)
    arrays = tuple(bytes(buffer.raw()) for buffer in buffers)
    rehearsals.stage = Stage(
        wanted.run, settings, pickled, arrays, _given_by_ray(wanted), wanted.num_epochs, rehearsals.folder
    )
    size = len(pickled) + sum(map(len, arrays))
    return f"{described.summary}; fingerprint {described.fingerprint}; {_size(size)} go to each node"


def _given_by_ray(wanted: Wanted) -> WorkerContext:
    """What a trial would be given by Ray on this machine.

    Raises:
        SettingError: it has fewer GPUs.
    """
    there = torch.cuda.device_count()
    gpus = min(there, 1) if wanted.gpus is None else wanted.gpus
    if gpus > there:
        raise SettingError("gpus_per_trial", f" is {gpus:g}, but there are {there} GPUs; ask for at most that")
    devices = tuple(f"cuda:{index}" for index in range(math.ceil(gpus))) or ("cpu",)
    return WorkerContext(max(1, int(wanted.cpus)), devices, min(1.0, gpus or 1.0), precision=wanted.precision)


def trains(rehearsals: Rehearsals) -> str:
    kind = rehearsals.kind
    if kind.reuses_worker:
        rehearsals.worker = Worker(rehearsals.stage)
    epochs = rehearsals.play(rehearsals.wanted.num_epochs, saves_into=rehearsals.checkpoints).whole()
    names = epochs[0].metrics.keys()
    for epoch in epochs:
        if odd := epoch.metrics.keys() ^ names:
            raise Fault(f"epoch {epoch.number} and epoch 1 differ in the metrics {_listed(odd)}; report all in each")
    unreported = {metric.name for metric in kind.metrics} - names  # such as the memory of a GPU, where there is none
    rehearsals.epochs = epochs
    files = [file for file in (rehearsals.checkpoints / checkpoint_folder_name(1)).rglob("*") if file.is_file()]
    later = max(epoch.seconds for epoch in epochs[1:])
    saving = max(epoch.seconds_saving for epoch in epochs)
    return (
        f"the first epoch took {epochs[0].seconds:.3g} s, later ones up to {later:.3g} s, saving {saving:.3g} s; "
        f"{kind.objective} {epochs[-1].metrics[kind.objective]:.4g} after {len(epochs)}; "
        f"a checkpoint has {_counted(len(files), 'file')}, {_size(sum(file.stat().st_size for file in files))}"
        + (f"; declared and not reported at these settings: {_listed(unreported)}" if unreported else "")
    )


def repeats(rehearsals: Rehearsals) -> str:
    unsaved = rehearsals.play(rehearsals.wanted.num_epochs).whole()
    if (odd := _difference(rehearsals.epochs, unsaved)) is None:
        return ""
    again = rehearsals.folder / "again"
    saved = rehearsals.play(rehearsals.wanted.num_epochs, saves_into=again).whole()
    if _difference(rehearsals.epochs, saved) is None:
        raise Fault(f"without `save` {odd}: `save` changes the run; it must only read, and draw nothing")
    raise Fault(
        f"a second run of the same seed in one process differs: {odd}; {FROM_SEED_AND_EPOCH}, train a copy of what "
        f"`load` and `prepare` gave, and call what a clock decides {CLOCK}..."
    )


def goes_on(rehearsals: Rehearsals) -> str:
    for epoch in range(1, rehearsals.wanted.num_epochs):
        gone_on = rehearsals.play(**rehearsals.stretch_after(epoch)).whole()
        if odd := _difference(rehearsals.epochs, gone_on):
            raise Fault(
                f"after the checkpoint of epoch {epoch}, {odd}; `load` must bring back all that an epoch depends on, "
                f"such as weights, the optimizer's state, the schedule's and the epoch's number; {FROM_SEED_AND_EPOCH}"
            )
    return ""


def depends_on_seed(rehearsals: Rehearsals) -> str:
    other = rehearsals.play(1, seed=rehearsals.wanted.seed + 1).whole()
    if _difference(rehearsals.epochs, other) is None:
        raise Fault(
            "another seed gives the same first epoch; --confirm runs settings under several seeds, and would learn "
            "nothing of luck",
            is_doubt=True,
        )
    return ""


def leaves_nothing(rehearsals: Rehearsals) -> str:
    before = traces(rehearsals.temporary)
    again = rehearsals.folder / "once_more"
    rehearsals.play(1, saves_into=again).whole()
    left = left_since(before, rehearsals.temporary)
    left += [f"{entry.name} in the folder where the sweep was started" for entry in sorted(rehearsals.here.iterdir())]
    if left:
        raise Fault(
            f"a run leaves behind: {_listed(left)}; `close` must end what it started, and files belong into the "
            "context's workspace"
        )
    return ""


def ends_train(rehearsals: Rehearsals) -> str:
    wanted, without_effect, refused = rehearsals.wanted, [], 0
    for name, values in wanted.searched.items():
        tried = []
        for value in values:
            try:
                rehearsals.kind.check(with_values(wanted.settings, {name: value}))
                tried.append(value)
            except (UserError, ValueError):  # with the other settings as they are; a sweep searches those, too
                refused += 1
        # Some show only in the second epoch, such as a momentum where an epoch is one step.
        if len(tried) > 1 and not any(_differ(rehearsals, name, tried, epochs) for epochs in (1, 2)):
            without_effect.append(name)
    if without_effect:
        raise Fault(
            f"{_listed(without_effect)}: one end of the range gives the same epochs as the other; does `start` use it?",
            is_doubt=True,
        )
    return ", ".join(wanted.searched) + (f"; `check` refused {_counted(refused, 'end')}" if refused else "")


def _differ(rehearsals: Rehearsals, name: str, values: Sequence[Any], epochs: int) -> bool:
    """Whether runs of so many epochs differ that differ in this setting; some may diverge."""
    outcomes = {value: rehearsals.play(epochs, values={name: value}) for value in values}
    for value, outcome in outcomes.items():
        if outcome.fault and not isinstance(outcome.fault, Divergence):
            raise Fault(f"{name} {value}: {outcome.fault.sentence}", outcome.fault.trace)
    trained = [outcome.epochs for outcome in outcomes.values() if not outcome.fault]
    return len(trained) < len(values) or any(_difference(trained[0], others) for others in trained[1:])


def goes_on_elsewhere(rehearsals: Rehearsals) -> str:
    stretch = Stretch(seed=rehearsals.wanted.seed, **rehearsals.stretch_after(1))
    fingerprint, outcome = in_fresh_process(gone_on_with, rehearsals.stage, stretch)
    if fingerprint != rehearsals.description.fingerprint:
        raise Fault(
            f"the fingerprint of the data is {fingerprint} there, and was {rehearsals.description.fingerprint}; make "
            "it of the data alone, by hashlib (Python's hash() of a text is another in each process)"
        )
    if odd := _difference(rehearsals.epochs, outcome.whole()):
        raise Fault(f"after the checkpoint of epoch 1, {odd}; something that is not in it has stayed in the process")
    return ""


def is_judged_on_test_data(rehearsals: Rehearsals) -> str:
    if not has_test_data(rehearsals.kind):
        return "the kind has no `test`: a sweep's winner is judged on no other data than it was chosen on"
    checkpoint = rehearsals.checkpoints / checkpoint_folder_name(rehearsals.wanted.num_epochs)
    judged = in_fresh_process(judged_on_test_data, rehearsals.stage, checkpoint)
    if judged is None:
        return "`test` finds no test data at these settings"
    objective = rehearsals.kind.objective
    score = judged.metrics[objective]
    if not math.isfinite(score):
        raise Fault(f"`test` gives {objective} {score}; it must be a finite number")
    if judged.parts and not math.isclose(
        of_parts := sum(judged.parts.sums) / sum(judged.parts.counts), score, rel_tol=1e-4
    ):
        raise Fault(f"`test` gives {objective} {score:.6g}, and parts that make {of_parts:.6g}; they are of one score")
    return f"{objective} {score:.4g} on test data, {len(judged.baselines)} baselines beside it"


CHECKS: Mapping[str, Callable[[Rehearsals], str]] = {
    "the data is read and described, and travels to other processes": is_described,
    "a run trains, reports its metrics and is saved": trains,
    "the same seed gives the same epochs, whether saved or not": repeats,
    "a run goes on from each checkpoint bit for bit": goes_on,
    "another seed gives other epochs": depends_on_seed,
    "a closed run leaves nothing behind": leaves_nothing,
    "both ends of all that is searched train, and differ": ends_train,
    "another process reads the same data and goes on bit for bit": goes_on_elsewhere,
    "a checkpoint is judged on test data in a process of its own": is_judged_on_test_data,
}


def _difference(reference: Sequence[Epoch], others: Sequence[Epoch]) -> str | None:
    """The first thing in which the same epochs differ, but for what a clock decides; None where nothing does."""
    by_number = {epoch.number: epoch for epoch in reference}
    for other in others:
        epoch = by_number[other.number]
        for name in sorted(epoch.metrics.keys() | other.metrics.keys()):
            was, became = repr(epoch.metrics.get(name)), repr(other.metrics.get(name))
            if was != became and not name.startswith(CLOCK):
                return f"epoch {epoch.number} has {name} {became} instead of {was}"
        if repr(epoch.samples) != repr(other.samples):
            return f"epoch {epoch.number} has other samples"
    return None


def _listed(names: Any) -> str:
    return ", ".join(sorted(names))


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" + ("" if number == 1 else "s")


def _size(number: int) -> str:
    return f"{number / 1e6:.3g} MB" if number >= 1e5 else _counted(number, "byte")
