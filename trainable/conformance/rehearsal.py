"""A run as a trial drives it, without Ray: in this process or in another, from its start or from a checkpoint."""

import dataclasses
import multiprocessing
import pickle
import shutil
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from trainable import on_test_data
from trainable.conformance.faults import Fault, told_of
from trainable.contract import WORKSPACE, checkpoint_folder_name
from trainable.runs import Run, RunContext, WorkerContext
from trainable.runs.choosing import find_run_kind
from trainable.runs.metrics import reported_metrics
from trainable.runs.samples import Sample, reported_samples
from trainable.score_parts import Judged, write_details
from trainable.settings_fields import with_values
from trainable.torch_process import set_up_torch

CLOCK = "Perf/"
"""How the names of metrics begin that a clock decides: those are never the same again."""

Given = TypeVar("Given")


@dataclass(frozen=True)
class Stage:
    """What the processes of a sweep are given of it."""

    run: str
    """A name that `find_run_kind` knows."""
    settings: bytes
    """Pickled."""
    data: bytes
    """Pickled, but for what its arrays hold."""
    buffers: tuple[bytes, ...]
    """That; arrays cannot be written to then, as those in Ray's object store cannot."""
    context: WorkerContext
    num_epochs: int
    folder: Path
    """Where runs have their workspace, and what they save."""


@dataclass(frozen=True)
class Stretch:
    """What is to be done of a run."""

    seed: int
    epochs: int
    after: Path | None = None
    """The checkpoint that it goes on from."""
    first: int = 1
    """Its first epoch's number."""
    values: Mapping[str, Any] = field(default_factory=dict)
    """Of the settings, those that are other than the sweep's."""
    saves_into: Path | None = None


@dataclass(frozen=True)
class Epoch:
    number: int
    metrics: dict[str, float]
    samples: list[Sample]
    seconds: float
    seconds_saving: float


@dataclass(frozen=True)
class Outcome:
    """What became of a stretch."""

    epochs: tuple[Epoch, ...] = ()
    fault: Fault | None = None

    def whole(self) -> tuple[Epoch, ...]:
        """All of its epochs.

        Raises:
            Fault: it was not done to its end.
        """
        if self.fault:
            raise self.fault
        return self.epochs


class Worker:
    """A process that trains, with what it keeps from one run to the next."""

    def __init__(self, stage: Stage) -> None:
        """
        Raises:
            Fault: the kind cannot load what its runs need.
        """
        self._stage = stage
        self._kind = find_run_kind(stage.run)
        if self._kind.uses_torch:
            set_up_torch(stage.context)
        with told_of("unpickling in a worker"):
            self._settings = pickle.loads(stage.settings)
            self._data = pickle.loads(stage.data, buffers=stage.buffers)
        with told_of("the kind's `load`"):
            self._loaded = self._kind.load(self._settings, stage.context)

    def play(self, stretch: Stretch) -> Outcome:
        workspace = self._stage.folder / WORKSPACE
        workspace.mkdir()
        context = RunContext(
            **dataclasses.asdict(self._stage.context),
            seed=stretch.seed,
            num_epochs=self._stage.num_epochs,
            workspace=workspace,
            loaded=self._loaded,
        )
        try:
            with told_of("`start`"):
                run = self._kind.start(with_values(self._settings, stretch.values), self._data, context)
            try:
                return self._epochs(run, stretch)
            finally:
                with told_of("`close`"):
                    run.close()
        except Fault as fault:
            return Outcome(fault=fault)
        finally:
            shutil.rmtree(workspace, ignore_errors=True)

    def _epochs(self, run: Run, stretch: Stretch) -> Outcome:
        if stretch.after:
            with told_of("`load` of a whole checkpoint"):
                run.load(stretch.after)
        numbers = range(stretch.first, stretch.first + stretch.epochs)
        return Outcome(tuple(self._epoch(run, number, stretch.saves_into) for number in numbers))

    def _epoch(self, run: Run, number: int, saves_into: Path | None) -> Epoch:
        started = time.perf_counter()
        with told_of(f"`step` in epoch {number}"):
            metrics = reported_metrics(run.step(), [self._kind.objective])
        seconds = time.perf_counter() - started
        with told_of(f"`samples` after epoch {number}"):
            samples = reported_samples(run.samples())
        started = time.perf_counter()
        if saves_into:
            with told_of(f"`save` after epoch {number}"):
                _save(run, saves_into / checkpoint_folder_name(number))
            with told_of(f"`details` after epoch {number}"):
                if details := run.details():
                    write_details(self._stage.folder, details)
        return Epoch(number, metrics, samples, seconds, time.perf_counter() - started)


def _save(run: Run, folder: Path) -> None:
    """As a trial does: into another folder, which is then renamed."""
    saving = folder.with_name("saving")
    saving.mkdir(parents=True)
    run.save(saving)
    if not any(file.is_file() for file in saving.rglob("*")):
        raise Fault("`save` wrote no file into the folder that it was given, so there is nothing to go on from")
    saving.rename(folder)


def gone_on_with(stage: Stage, stretch: Stretch) -> tuple[str, Outcome]:
    """What a resume does: the fingerprint of the data, as read anew, and a run that goes on."""
    kind, settings = find_run_kind(stage.run), pickle.loads(stage.settings)
    with told_of("`prepare` or `describe`"):
        fingerprint = kind.describe(settings, kind.prepare(settings)).fingerprint
    return fingerprint, played(stage, stretch)


def judged_on_test_data(stage: Stage, checkpoint: Path) -> Judged | None:
    """What the end of a sweep does with the winner's checkpoint."""
    with told_of("`test`"):
        return on_test_data.judged_on_test_data(
            stage.run,
            None,
            stage.settings,
            {},
            pickle.loads(stage.data, buffers=stage.buffers),
            stage.context,
            checkpoint,
            None,
        )


def played(stage: Stage, stretch: Stretch) -> Outcome:
    """By a worker of its own."""
    return Worker(stage).play(stretch)


def in_fresh_process(call: Callable[..., Given], *arguments: Any) -> Given:
    """What a function gives in a process that knows nothing of this one.

    Raises:
        Fault: as the function raises it, or the process is no more.
    """
    spawning = multiprocessing.get_context("spawn")
    try:
        with ProcessPoolExecutor(1, mp_context=spawning) as pool:
            return pool.submit(call, *arguments).result()
    except BrokenProcessPool:
        raise Fault("a process of its own ended in it: a crash, or the system had no memory for it") from None
