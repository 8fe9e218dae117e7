"""One training's W&B run, written from its rows in order; the record is the truth, W&B a view of it.

Offline, a run is one whole segment: W&B ignores `resume` there, so opening it replaces the segment that lies there.
Online, the server is asked for the last step it holds, and rows are appended from there; a run is whole when the
server says that it holds the last epoch, whatever `log` and `finish` returned.
"""

import contextlib
import math
import shlex
import shutil
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from results.listing.formatting import shown_sample
from results.mirror.checkpoints import is_placeholder
from results.record.trial.log import NO_SAMPLES, Sample
from results.record.trial.view_marks import mark_complete
from results.trackers.wandb_client import (
    NotTold,
    RequestFailed,
    WandbUnavailable,
    ask_timeout_s,
    client_settings,
    finish_timeout_s,
    first_line,
    init_timeout_s,
    wandb,
    why_unreachable,
)
from results.trackers.wandb_settings import (
    BEST_EPOCH,
    FEASIBLE,
    SCORE,
    STATUS,
    ModelArtifact,
    RunDescription,
    WandbRunSettings,
    at_best_epoch,
)
from trainable import contract
from trainable.contract import TrialStatus, shown_path
from trainable.ranking import Row


class TrialWandbRun:
    """One open run. Several live in one process, sharing one wandb-core."""

    def __init__(self, settings: WandbRunSettings, described: RunDescription) -> None:
        """Open the run: online as it stands at the server, offline anew.

        Raises:
            WandbUnavailable: online, the server does not answer or refuses.
        """
        self._folder, self._settings = described.folder, settings
        self._epochs = 0
        self._best: Row | None = None
        self._models: dict[Path, wandb.Artifact] = {}
        self._lacks_model: str | None = None
        self._run = _open(settings, described)
        self._run.define_metric("*", step_metric=contract.EPOCH)
        self._held_steps = self._run.starting_step if settings.is_online else 0

    @property
    def is_online(self) -> bool:
        return self._settings.is_online

    @property
    def url(self) -> str | None:
        """Where the run can be seen; None offline."""
        return self._run.url if self.is_online else None

    @property
    def sync_command(self) -> str:
        """What sends the run's local files to W&B."""
        flag = "--include-online " if self.is_online else ""
        return f"wandb sync {flag}{shlex.quote(shown_path(Path(self._run.dir).parent))}"

    def append(self, rows: Iterable[Row], samples: Mapping[int, Sequence[Sample]] = NO_SAMPLES) -> None:
        """Log the epochs that W&B lacks, each at its own step.

        Args:
            samples: what the run showed, by epoch. A table goes with each epoch that improves the score and with the
                last. Of an epoch that the server holds it may lack the file, if the run was killed: it gets it again.
        """
        for row in rows:
            epoch = row[contract.EPOCH]
            if epoch != self._epochs + 1:
                continue
            self._epochs = epoch
            self._best = self._settings.objective.better(self._best, row)
            held = self._run.config
            place = {name: row[name] for name in contract.PLACE if name in row and row[name] != held.get(name)}
            if place:
                self._run.config.update(place, allow_val_change=True)
            is_shown = samples.get(epoch) and (row is self._best or row.get("done"))
            shown = {contract.SAMPLES: self._table(epoch, samples[epoch])} if is_shown else {}
            if epoch >= self._held_steps:
                self._run.log({**_metrics(row), **shown, contract.EPOCH: epoch}, step=epoch, commit=True)

    def _table(self, epoch: int, samples: Sequence[Sample]) -> wandb.Table:
        """A file in the run's folder; bound by `log` (wandb 0.31), it would be an artifact too, made in one's home.

        W&B's pages show either.
        """
        columns = [_column([sample[name] for sample in samples]) for name in samples[0]]
        table = wandb.Table(columns=[*samples[0]], data=[list(row) for row in zip(*columns, strict=True)])
        table.bind_to_run(self._run, contract.SAMPLES, epoch)
        return table

    def add_models(self, models: Iterable[ModelArtifact]) -> None:
        """Keep checkpoints as versions of the run's model, oldest first; those that were added before are not again.

        The server itself makes no second version of files that it holds.
        """
        for model in models:
            if model.path in self._models:
                continue
            if model.path.is_dir() and is_placeholder(model.path):
                self._lacks_model = self._lacks_model or f"{model.path.name} lies in the sweep's store, not here"
                continue
            artifact = wandb.Artifact(f"{model.name}-{self._run.id}", type="model", metadata=dict(model.metadata))
            try:
                for file, name in _files(model.path):
                    # As it lies, not from a copy in W&B's cache: the run's folder is to hold all there is of it.
                    artifact.add_file(str(file), name, policy="immutable", skip_cache=True)
                self._models[model.path] = self._run.log_artifact(artifact, aliases=list(model.aliases))
            except (OSError, ValueError) as error:  # W&B calls a missing file a wrong value
                cause = f": {first_line(error)}" if model.path.exists() else " is gone"
                self._lacks_model = self._lacks_model or f"{model.path.name}{cause}"

    def close(self, status: TrialStatus, wait: bool = True, models: Iterable[ModelArtifact] = ()) -> "ClosedRun":
        """Write the summary (last and best), send the models that are left, and finish.

        Args:
            wait: for the server to take the rest; else that is left to wandb-core.

        Raises:
            WandbUnavailable: online, the server did not take everything in time; the local files hold it.
        """
        if self._best:
            objective = self._settings.objective
            best = {at_best_epoch(name): value for name, value in _metrics(self._best).items()}
            of_run = {SCORE: self._best[objective.metric], BEST_EPOCH: self._best[contract.EPOCH]}
            of_use = {FEASIBLE: objective.excess(self._best) == 0} if objective.constraints else {}
            self._run.summary.update({**of_run, **of_use, **best})
        self._run.summary[STATUS] = str(status)  # of an enum, W&B would hold the member's name
        if wait:
            try:
                try:
                    self.add_models(models)
                    self._await_models()
                finally:
                    self._run.finish(exit_code=1 if status == TrialStatus.FAILED else 0)
            except TimeoutError:
                raise WandbUnavailable("the server did not take a run's last rows in time") from None
        path = f"{self._run.entity}/{self._run.project}/{self._run.id}"
        models_sent = len(self._models)
        return ClosedRun(self._folder, self._settings, path, self._epochs, status, models_sent, self._lacks_model)

    def _await_models(self) -> None:
        """`finish` waits for models too, and says nothing of one that was refused."""
        if not self.is_online:
            return
        deadline = time.monotonic() + finish_timeout_s()
        for path, artifact in self._models.items():
            try:
                artifact.wait(timeout=max(1, math.ceil(deadline - time.monotonic())))
            except (ValueError, WandbUnavailable) as error:
                self._lacks_model = self._lacks_model or f"{path.name}: {first_line(error)}"


@dataclass(frozen=True)
class ClosedRun:
    """What is to be known of a run when nothing of it is kept in memory."""

    folder: Path
    settings: WandbRunSettings
    path: str
    """Entity, project and id."""
    epochs: int
    status: str
    models: int
    """That it was sent since it was opened."""
    lacks_model: str | None
    """Why W&B does not hold a model that it was sent."""

    @property
    def lacks(self) -> str:
        """Why it is not whole, when it is not."""
        return f"its model ({self.lacks_model})" if self.lacks_model else "epochs that the server does not show yet"

    def mark_if_whole(self) -> bool:
        """Mark the trial's run, once every epoch and model lies on disk or, online, at the server.

        Raises:
            NotTold: online, the server does not say what it holds.
        """
        if self.lacks_model:
            return False
        if self.settings.is_online:
            if self._last_step_held() < self.epochs:
                return False
            for segment in self.folder.glob("wandb/offline-run-*"):  # of a time when the server was away
                if not sent_by_hand(segment):
                    shutil.rmtree(segment)
        mark_complete(self.folder, self.settings.view, self.settings.mark(self.epochs, self.status))
        return True

    def _last_step_held(self) -> int:
        """What the server says; 0 where it holds no row."""
        try:
            held = wandb.Api(timeout=ask_timeout_s()).run(self.path)
            last_step: int = held.lastHistoryStep
        except ValueError:  # no such run
            return 0
        except (RequestFailed, WandbUnavailable) as error:
            raise NotTold(first_line(error)) from None
        with contextlib.suppress(OSError):  # wandb.Api makes a folder for the run's files: <tmp>/entity/project/id
            for made in (Path(held.dir), *Path(held.dir).parents[:2]):
                made.rmdir()
        return max(0, last_step)


def _files(path: Path) -> list[tuple[Path, str]]:
    """The files of a model, which is one (or gone) or a folder of them, with their names in it."""
    if not path.is_dir():
        return [(path, path.name)]
    return [(file, file.relative_to(path).as_posix()) for file in sorted(path.rglob("*")) if file.is_file()]


def sent_by_hand(segment: Path) -> str | None:
    """The id of the run that `wandb sync` made of a local segment, if it did; the name of its mark tells."""
    mark = next(segment.glob("run-*.wandb.synced"), None)
    return mark.name.removeprefix("run-").removesuffix(".wandb.synced") if mark else None


def _open(settings: WandbRunSettings, described: RunDescription) -> wandb.Run:
    if not settings.is_online:
        _clear_local_files(described.folder)
    elif cause := why_unreachable():
        # Asked first, since wandb-core 0.31 keeps the id of a run whose opening failed: "run ID ... is in use".
        raise WandbUnavailable(cause)
    of_client = wandb.Settings(
        x_disable_stats=True,
        x_disable_machine_info=True,
        silent=True,
        console="off",
        init_timeout=init_timeout_s(),
        finish_timeout=finish_timeout_s(),
        finish_timeout_raises=True,
        use_dot_wandb=False,
    )
    if settings.sweep_id:  # else the environment's holds: W&B's own agent names its sweep there
        of_client.sweep_id = settings.sweep_id
    try:
        return wandb.init(
            mode="online" if settings.is_online else "offline",
            project=settings.project,
            entity=settings.entity,
            dir=str(described.folder),
            id=described.id,
            name=described.name,
            group=settings.group,
            job_type=described.job_type,
            tags=list(dict.fromkeys([*settings.tags, *(client_settings().run_tags or ())])),
            config={**settings.config, **described.config},
            resume="allow" if settings.is_online else None,
            reinit="create_new",
            settings=of_client,
        )
    except TimeoutError as error:
        raise WandbUnavailable(first_line(error)) from None


def _clear_local_files(folder: Path) -> None:
    """Remove what W&B wrote for a trial, but for what tells that it was sent by hand."""
    for entry in folder.glob("wandb/*"):
        if entry.is_symlink() or entry.is_file():
            entry.unlink()
        elif not sent_by_hand(entry):
            shutil.rmtree(entry)


def _column(values: Sequence[str | float]) -> Sequence[str | float | None]:
    """A column of a W&B table, which must be of one type, and whose file has no word for what is no finite number."""
    kinds = {type(value) for value in values}
    if kinds == {bool}:
        return values
    if kinds <= {int, float}:
        return [value if math.isfinite(value) else None for value in values if not isinstance(value, str)]
    return [shown_sample(value) for value in values]


def _metrics(row: Row) -> Row:
    return {name: value for name, value in row.items() if contract.is_metric(name)}
