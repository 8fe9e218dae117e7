"""One training's W&B run, written from its rows in order; the record is the truth, W&B a view of it.

Offline, a run is one whole segment: W&B ignores `resume` there, so opening it replaces the segment that lies there.
Online, the server is asked for the last step it holds, and rows are appended from there; a run is whole when the
server says that it holds the last epoch, whatever `log` and `finish` returned. A server that does not answer costs a
few seconds, after which the run is recorded offline.
"""

import contextlib
import dataclasses
import hashlib
import os
import shlex
import shutil
import ssl
import urllib.error
import urllib.request
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from results.ranking import Row, best_row
from results.whole_views import mark_whole
from trainable import contract
from trainable.contract import WandbNotInstalled, shown_path

try:
    import wandb
    from wandb.errors import Error as WandbError
except ModuleNotFoundError as error:
    # A folder `wandb` where the user stands passes for the package until something in it is imported.
    if error.name not in ("wandb", "wandb.errors"):
        raise
    raise WandbNotInstalled from None

PROBE_TIMEOUT_S = 5.0
ASK_TIMEOUT_S = 10
INIT_TIMEOUT_S = 30.0
"""W&B's own is 90 s; WANDB_INIT_TIMEOUT, which W&B knows, wins."""
FINISH_TIMEOUT_S = 60.0
"""W&B's own is none: it would wait for a dead server for hours; WANDB_FINISH_TIMEOUT, which W&B knows, wins."""

WandbUnavailable = WandbError


@dataclass(frozen=True)
class WandbRunSettings:
    """What all runs of a sweep share, or what the only one has."""

    mode: str
    """'online' or 'offline'"""
    project: str | None
    """None here and for the id: W&B's own agent has decided (its environment variables name them)."""
    entity: str | None
    created: str
    metric: str
    score_mode: str
    sweep: str | None = None
    """Whose trials they are."""
    group: str | None = None
    job_type: str = "search"
    tags: tuple[str, ...] = ()
    config: Mapping[str, Any] = field(default_factory=dict)
    """Beside a run's own: the data, the versions, what else all runs share."""
    upload_checkpoints: str = "none"
    """Which checkpoints are sent as model artifacts: 'none', 'best' or 'all'."""
    excludes: frozenset[str] = frozenset()
    """Metrics and config that are left out; of a name with slashes, its beginning up to one is enough."""
    log_config: bool = False
    """Whether each epoch's row has the hyperparameters too."""
    init_options: Mapping[str, Any] = field(default_factory=dict)
    """For wandb.init, over all that is decided here."""

    @property
    def view(self) -> str:
        """Whose mark says that a run is whole: on disk or at the server."""
        return "wandb" if self.mode == "offline" else "wandb_online"

    def held(self, epochs: int, status: str) -> str:
        """What the mark of a whole run says: what is held, and where."""
        if self.mode == "offline":
            return f"{epochs} epochs, {status}"
        server = wandb.setup().settings.base_url
        return f"{epochs} epochs, {status}, {server}/{self.entity or '-'}/{self.project}"

    def kept(self, named: Mapping[str, Any]) -> dict[str, Any]:
        """What is not excluded."""
        return {name: value for name, value in named.items() if not self._excludes(name)}

    def _excludes(self, name: str) -> bool:
        return any(name == excluded or name.startswith(f"{excluded}/") for excluded in self.excludes)

    def offline(self) -> "WandbRunSettings":
        return dataclasses.replace(self, mode="offline")


@dataclass(frozen=True)
class ModelArtifact:
    """A checkpoint, as W&B keeps it."""

    path: Path
    """A file, or a folder."""
    name: str
    """Followed by the run's id: each run has a model of its own, with as many versions as it was sent in."""
    metadata: Mapping[str, Any]
    passing: bool = False
    """Whether it may be gone before it is sent; W&B keeps a copy of it until then."""


def resolve_mode(wished: str | None, ask: bool = False) -> str:
    """'online', 'offline' or 'disabled': the wish, else WANDB_MODE, else online where a login is stored.

    Args:
        ask: without a login, let W&B ask for one at the terminal.
    """
    if not ask:
        os.environ.setdefault("WANDB_SILENT", "true")
    mode = wished or os.environ.get("WANDB_MODE")
    if mode in ("online", "offline", "disabled"):
        return mode
    return "online" if has_login(ask) else "offline"


def has_login(ask: bool = False) -> bool:
    """Whether a key is stored or in WANDB_API_KEY; the server is not asked."""
    if ask:
        return bool(wandb.login(verify=False))
    return bool(wandb.login(prompt=False, verify=False))


def finish_timeout_s() -> float:
    """How long a run's end may wait for the server."""
    return float(os.environ.get("WANDB_FINISH_TIMEOUT", FINISH_TIMEOUT_S))


def run_id(settings: WandbRunSettings, number: int) -> str:
    """A trial's id at W&B, the same after every resume in one mode."""
    text = f"{settings.sweep}/{settings.created}/{number}/{settings.mode}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def open_run(
    settings: WandbRunSettings, identity: str | None, folder: Path, name: str, config: Mapping[str, Any]
) -> "tuple[TrialWandbRun, str | None]":
    """The run, online if that is wished and possible, else offline; and why it is offline although it was to be online.

    Args:
        identity: the run's id; None when W&B's agent has decided it.
        folder: gets W&B's files, in `wandb/`.
    """
    if settings.mode == "offline":
        return TrialWandbRun(settings, identity, folder, name, config), None
    try:
        return open_online(settings, identity, folder, name, config), None
    except WandbUnavailable as error:
        # By another id: W&B would renumber the rows of a segment that is synced into a run it already holds.
        offline = TrialWandbRun(settings.offline(), identity and f"{identity}-offline", folder, name, config)
        return offline, str(error)


def open_online(
    settings: WandbRunSettings, identity: str | None, folder: Path, name: str, config: Mapping[str, Any]
) -> "TrialWandbRun":
    """The run at the server, new or as it stands there.

    Raises:
        WandbUnavailable: the server does not answer or refuses.
    """
    # Asked first, since wandb-core 0.31 keeps the id of a run whose opening failed: "run ID ... is in use".
    cause = why_unreachable(wandb.setup().settings.base_url)
    if cause is None:
        try:
            return TrialWandbRun(settings, identity, folder, name, config)
        except (WandbError, TimeoutError) as error:
            cause = str(error).strip().split("\n")[0]
    raise WandbUnavailable(cause)


def why_unreachable(base_url: str) -> str | None:
    """None when something answers there, whatever it says."""
    try:
        urllib.request.urlopen(urllib.request.Request(base_url, method="HEAD"), timeout=PROBE_TIMEOUT_S).close()
    except urllib.error.HTTPError:
        return None
    except OSError as error:
        reason = getattr(error, "reason", error)
        return None if isinstance(reason, ssl.SSLError) else f"{base_url}: {reason}"
    return None


class TrialWandbRun:
    """One open run. Several live in one process, sharing one wandb-core."""

    def __init__(
        self, settings: WandbRunSettings, identity: str | None, folder: Path, name: str, config: Mapping[str, Any]
    ) -> None:
        """Open the run.

        Raises:
            WandbError, TimeoutError: online, the server does not answer or refuses.
        """
        if settings.mode == "offline":
            shutil.rmtree(folder / "wandb", ignore_errors=True)
        self._folder, self._settings = folder, settings
        self._rows: list[Row] = []
        options: dict[str, Any] = {
            "mode": settings.mode,
            "project": settings.project,
            "entity": settings.entity,
            "dir": str(folder),
            "id": identity,
            "name": name,
            "group": settings.group,
            "job_type": settings.job_type,
            "tags": settings.tags,
            "config": settings.kept({**settings.config, **config}),
            "resume": "allow" if settings.mode == "online" else None,
            "reinit": "create_new",
            "settings": wandb.Settings(
                x_disable_stats=True,
                x_disable_machine_info=True,
                silent=True,
                console="off",
                init_timeout=float(os.environ.get("WANDB_INIT_TIMEOUT", INIT_TIMEOUT_S)),
                finish_timeout=finish_timeout_s(),
                finish_timeout_raises=True,
            ),
        }
        self._run = wandb.init(**options | dict(settings.init_options))
        self._run.define_metric("*", step_metric=contract.EPOCH)
        self._held_steps = self._run.starting_step if settings.mode == "online" else 0

    @property
    def url(self) -> str | None:
        """Where the run can be seen; None offline."""
        return self._run.url if self._settings.mode == "online" else None

    @property
    def sync_command(self) -> str:
        """What sends the run's local files to W&B."""
        flag = "" if self._settings.mode == "offline" else "--include-online "
        return f"wandb sync {flag}{shlex.quote(shown_path(Path(self._run.dir).parent))}"

    @property
    def offline(self) -> bool:
        return self._settings.mode == "offline"

    @property
    def epochs(self) -> int:
        """Epochs given to W&B or held by it."""
        return len(self._rows)

    def append(self, rows: Iterable[Row]) -> None:
        """Log the epochs that W&B lacks, each at its own step."""
        for row in rows:
            epoch = row[contract.EPOCH]
            if epoch != len(self._rows) + 1:
                continue
            self._rows.append(row)
            device = self._settings.kept({contract.DEVICE: row.get(contract.DEVICE)}).get(contract.DEVICE)
            if device and self._run.config.get(contract.DEVICE) != device:
                self._run.config.update({contract.DEVICE: device}, allow_val_change=True)
            if epoch >= self._held_steps:
                shown = {name: value for name, value in row.items() if contract.is_metric(name)}
                if self._settings.log_config:
                    shown |= {f"config/{name}": value for name, value in row["config"].items()}
                self._run.log({**self._settings.kept(shown), contract.EPOCH: epoch}, step=epoch, commit=True)

    def add_model(self, model: ModelArtifact, *aliases: str) -> None:
        """Keep a checkpoint as the run's newest and best model.

        Raises:
            FileNotFoundError: it is gone.
        """
        artifact = wandb.Artifact(f"{model.name}-{self._run.id}", type="model", metadata=dict(model.metadata))
        # As it lies where it can, not from a copy in W&B's cache: the run's folder is to hold all there is of it.
        policy, skip_cache = ("mutable", False) if model.passing else ("immutable", True)
        for file in sorted(model.path.iterdir()) if model.path.is_dir() else [model.path]:
            artifact.add_file(str(file), policy=policy, skip_cache=skip_cache)  # type: ignore[arg-type]
        self._run.log_artifact(artifact, aliases=["best", "latest", *aliases])

    def close(self, status: str, wait: bool = True, model: ModelArtifact | None = None) -> "ClosedRun":
        """Write the summary (last and best), send the model, and finish.

        Args:
            wait: for the server to take the rest; else that is left to wandb-core.

        Raises:
            WandbUnavailable: online, the server did not take everything in time; the local files hold it.
        """
        best = best_row(self._rows, self._settings.metric, self._settings.score_mode)
        if best:
            self._run.summary.update(
                {
                    "score": best[self._settings.metric],
                    "best_epoch": best[contract.EPOCH],
                    **{f"best/{name}": value for name, value in best.items() if contract.is_metric(name)},
                }
            )
        self._run.summary["status"] = status
        path = f"{self._run.entity}/{self._run.project}/{self._run.id}"
        closed = ClosedRun(self._folder, self._settings, path, len(self._rows), status)
        if not wait:
            return closed
        try:
            try:
                if model:
                    self.add_model(model)
            finally:
                self._run.finish(exit_code=1 if status == "failed" else 0)
        except TimeoutError:
            raise WandbUnavailable("the server did not take a run's last rows in time") from None
        return closed


@dataclass(frozen=True)
class ClosedRun:
    """What is to be known of a run when nothing of it is kept in memory."""

    folder: Path
    settings: WandbRunSettings
    path: str
    """Entity, project and id."""
    epochs: int
    status: str

    def mark_if_whole(self) -> bool:
        """Mark the trial's run, once every epoch lies on disk or, online, at the server.

        Raises:
            WandbUnavailable: online, the server does not answer.
        """
        if self.settings.mode == "online":
            if self._last_step_held() < self.epochs:
                return False
            for segment in self.folder.glob("wandb/offline-run-*"):  # of a time when the server was away
                shutil.rmtree(segment)
        mark_whole(self.folder, self.settings.view, self.settings.held(self.epochs, self.status))
        return True

    def _last_step_held(self) -> int:
        """What the server says; 0 where it holds no row."""
        try:
            held = wandb.Api(timeout=ASK_TIMEOUT_S).run(self.path)
            last_step: int = held.lastHistoryStep
        except ValueError:  # no such run
            return 0
        with contextlib.suppress(OSError):  # wandb.Api makes a folder for the run's files: <tmp>/entity/project/id
            for made in (Path(held.dir), *Path(held.dir).parents[:2]):
                made.rmdir()
        return max(0, last_step)
