"""The one file in which Ray meets a run: one training iteration is one epoch, one trial is one run.

The trial's own folder is its memory. Whatever process picks a trial up looks there for the newest checkpoint that
result.json covers and goes on from it, so resuming needs nothing from Ray.
"""

import dataclasses
import json
import os
import pickle
import platform
import shutil
import signal
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ray
from ray import tune

from results.mirror.elsewhere import Elsewhere
from trainable import contract
from trainable.ranking import Objective, Row
from trainable.runs.choosing import find_run_kind, go_by
from trainable.runs.gpu_use import measured
from trainable.runs.metrics import reported_metrics
from trainable.runs.protocol import Diverged, Run, RunContext, RunKind, WorkerContext
from trainable.runs.resuming import resumed_run
from trainable.runs.samples import reported_samples
from trainable.runs.saving import NotSaved, save_checkpoint
from trainable.runs.source_files import SourceFiles
from trainable.settings_fields import with_values
from trainable.terminal.stop_signals import STOP_SIGNALS
from trainable.torch_process import (
    device_name,
    is_device_failure,
    is_out_of_gpu_memory,
    is_out_of_memory,
    set_up_torch,
)

VISIBLE_GPUS = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
"""What a process of CUDA's or ROCm's goes by; an empty one hides all."""


@dataclasses.dataclass(frozen=True)
class InStore:
    """A reference to Ray's object store, which Ray itself would resolve as it starts a worker."""

    ref: Any


class WorkerSpent(Exception):
    """A worker that can train no more; its text says by what."""


class RunTrainable(tune.Trainable):
    """Drives one run after another in the same process (`reuse_actors`); the data outlives them all."""

    def setup(
        self,
        config: dict[str, Any],
        *,
        run_kind: str,
        run_files: SourceFiles | None,
        settings: bytes,
        objective: Objective,
        precision: str,
        measures_gpu_use: bool,
        seed: int,
        num_epochs: int,
        checkpoint_every: int,
        rungs: Sequence[int],
        data: "InStore",
        elsewhere: Elsewhere | None,
    ) -> None:
        """Keep what every run of this worker shares; a run starts, and what is pickled is read, with its first step.

        What fails here, Ray takes for a lost worker and tries again, on the same node at worst.

        Args:
            run_kind: a name that `find_run_kind` knows.
            run_files: where it lies in a file of the user's, which this machine need not have.
            settings: the kind's settings, pickled; a trial's config replaces the fields it names.
            objective: what trials are ranked by; every epoch must report it.
            precision: one of contract.PRECISIONS.
            measures_gpu_use: whether results say what their epochs took of a GPU.
            num_epochs: most epochs of a trial.
            checkpoint_every: most epochs that a resume repeats; besides, a trial is saved when its score improves.
            rungs: epochs at which a trial may be paused, to go on from there in any process: it is saved at them, too.
            data: what the kind's `prepare` gave.
            elsewhere: of a sweep that is kept in a store: trials may run where its folder is not.
        """
        self._elsewhere = elsewhere
        self._rungs = frozenset(rungs)
        self._kind_name, self._objective = run_kind, objective
        self._seed, self._num_epochs, self._checkpoint_every = seed, num_epochs, checkpoint_every
        self._measures_gpu_use = measures_gpu_use
        if run_files:
            go_by(run_files)
        self._pickled_settings, self._stored_data = settings, data
        self._kind: RunKind | None = None
        self._run: Run | None = None
        self._workspace: Path | None = None
        self._epoch = 0
        self._best: Row | None = None
        self._spent_by = ""
        """What has made this process useless for a further trial: a GPU that failed, to which every call would fail."""
        self._context, self._place = _given_by_ray(precision)
        # Where Ray was started for the sweep, its processes have them blocked; what a run starts, such as a loader of
        # data, must hear them.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {*STOP_SIGNALS} - {signal.SIGINT})

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Get ready for another trial.

        What goes wrong is told in that trial's first step: Ray then tries another worker. To return False here, or to
        raise, would be to fail a trial that has not begun.
        """
        try:
            self.cleanup()
        except Exception as error:
            self._spent_by = f"its last run could not be closed: {type(error).__name__}: {error}"
        return True

    def step(self) -> dict[str, Any]:
        """One epoch, or what ended the trial: a failure of the run is a result, so Ray retries lost workers only.

        KeyboardInterrupt is one too: Ray's workers have SIGINT blocked.

        Raises:
            WorkerSpent: this process can train no more. Ray ends it and starts the trial in another one.
        """
        if self._spent_by and not self._run:
            raise WorkerSpent(self._spent_by)
        if not (self._run or self._is_elsewhere):
            _require_seen(self._folder)
        try:
            note = {} if self._run else self._begin()
            assert self._run
            stepped, use = self._stepped(self._run)
            metrics = reported_metrics(stepped, self._objective.needed)
            samples = reported_samples(self._run.samples())
            epoch = self._epoch + 1
            best = self._objective.better(self._best, {contract.EPOCH: epoch, **metrics})
            is_saved = best is not self._best or epoch % self._checkpoint_every == 0 or epoch in self._rungs
            if is_saved:
                save_checkpoint(self._run, self._folder, epoch)
                if self._elsewhere and self._is_elsewhere:
                    self._elsewhere.remove_replaced(self._folder, best[contract.EPOCH] if best else None)
        except Diverged as error:
            return self._ended(contract.DIVERGED, str(error))
        except BaseException as error:  # the trial's border: the sweep goes on, the trial is marked, its cause is shown
            # Ray's own SystemExit, when it ends a worker; what is no trial's fault, and would be the next one's too.
            if hasattr(error, "ray_terminate_msg") or isinstance(error, NotSaved):
                raise
            if is_device_failure(error):
                self._spent_by = f"a GPU failed under it: {error}"
            said = f"the run called sys.exit({error.code!r})" if isinstance(error, SystemExit) else error
            return self._ended(_kind_of_failure(error), f"{type(error).__name__}: {said}")
        self._epoch, self._best = epoch, best
        device = device_name(self._context.devices[0])
        columns = {contract.EPOCH: self._epoch, contract.DEVICE: device, **self._place, contract.CHECKPOINTED: is_saved}
        return {**columns, **metrics, **note, **use, contract.SAMPLES: samples}

    def _stepped(self, run: Run) -> tuple[Mapping[str, float], dict[str, Any]]:
        """An epoch's metrics and, where that is wanted, what it took of its GPU."""
        if not self._measures_gpu_use:
            return run.step(), {}
        metrics, use = measured(run.step, self._context.devices[0])
        use = run.gpu_use() or use
        return metrics, {contract.GPU_USE: dataclasses.asdict(use) if use else None}

    @property
    def _folder(self) -> Path:
        """The trial's own, on this node."""
        of_sweep = Path(self._storage.trial_fs_path)
        return self._elsewhere.trial_folder(of_sweep, self._place[contract.NODE]) if self._elsewhere else of_sweep

    @property
    def _is_elsewhere(self) -> bool:
        """Whether the sweep's folder lies on another node."""
        return self._elsewhere is not None and self._place[contract.NODE] != self._elsewhere.node

    def _begin(self) -> dict[str, str]:
        """Start the run where the trial's folder says it stands."""
        self.cleanup()
        self._workspace = self._folder / contract.WORKSPACE
        told = self.config.pop(contract.ROWS, [])
        rows = told if self._is_elsewhere else _whole_rows(self._folder / contract.RESULT_FILE)
        if self._elsewhere:
            self._elsewhere.bring_newest(self._folder, rows)
        self._run, self._epoch, note = resumed_run(self._folder, rows, self._new_run)
        self._best = self._objective.best_row(rows[: self._epoch])
        return {contract.NOTE: note} if note else {}

    def _new_run(self) -> Run:
        if not self._kind:
            kind = find_run_kind(self._kind_name)
            if kind.uses_torch:
                set_up_torch(self._context)
            self._settings, self._data = pickle.loads(self._pickled_settings), ray.get(self._stored_data.ref)
            self._loaded = kind.load(self._settings, self._context)
            self._kind = kind
        assert self._workspace
        if self._workspace.exists():  # of a process that was killed
            shutil.rmtree(self._workspace)
        self._workspace.mkdir(parents=True)
        hyperparameters = dict(self.config)
        context = RunContext(
            **dataclasses.asdict(self._context),
            seed=hyperparameters.pop(contract.SEED, self._seed),
            num_epochs=self._num_epochs,
            workspace=self._workspace,
            loaded=self._loaded,
        )
        return self._kind.start(with_values(self._settings, hyperparameters), self._data, context)

    def _ended(self, kind: str, cause: str) -> dict[str, Any]:
        where = "" if self._run else f" (before its first step, on {platform.node()})"
        failure = {"kind": kind, "epoch": self._epoch + 1, "cause": cause.split("\n")[0].removesuffix(": ") + where}
        failure["node"] = self._place[contract.NODE]
        if kind != contract.DIVERGED:
            failure["traceback"] = traceback.format_exc()
        return {contract.EPOCH: self._epoch, contract.FAILURE: failure, "done": True}

    def cleanup(self) -> None:
        run, workspace = self._run, self._workspace
        self._run, self._workspace, self._best, self._epoch = None, None, None, 0
        if run:
            run.close()
        if workspace and workspace.exists():  # a run may have tidied up
            shutil.rmtree(workspace)


def _require_seen(folder: Path) -> None:
    """Refuse to train where the sweep's folder is not, as on a node that joined meanwhile: another may see it.

    Args:
        folder: of the trial; what it is to train with was written there before it was handed out.

    Raises:
        WorkerSpent: this machine does not see it.
    """
    if not (folder / contract.PARAMS_FILE).exists():
        raise WorkerSpent(f"{platform.node()} does not see {folder}; have that mounted there, too")


def _kind_of_failure(error: BaseException) -> str:
    if is_out_of_gpu_memory(error):
        return contract.OUT_OF_GPU_MEMORY
    return contract.OUT_OF_MEMORY if is_out_of_memory(error) else contract.ERROR


def _given_by_ray(precision: str) -> tuple[WorkerContext, dict[str, Any]]:
    """What Ray has assigned to this process, and the columns that say which GPUs that are, and where.

    Of GPUs it sees its own alone; where it has none, Ray (2.60) would let it see all of its node's.
    """
    here = ray.get_runtime_context()
    assigned = here.get_assigned_resources()
    gpus = ray.get_gpu_ids()
    if not gpus:
        os.environ.update(dict.fromkeys(VISIBLE_GPUS, ""))
    devices = tuple(f"cuda:{index}" for index in range(len(gpus))) or ("cpu",)
    share = assigned.get("GPU", 0.0)
    place = {
        contract.GPU_IDS: ",".join(map(str, gpus)),
        contract.GPU_SHARE: share,
        contract.NODE: here.get_node_id(),
    }
    num_threads = max(1, int(assigned.get("CPU", 1)))
    return WorkerContext(num_threads, devices, min(1.0, share or 1.0), precision=precision), place


def _whole_rows(file: Path) -> list[Row]:
    """The epochs that result.json holds: its complete lines."""
    lines = file.read_bytes().split(b"\n")[:-1] if file.exists() else []
    return [json.loads(line) for line in lines]
