"""One trial's W&B run, written from its rows in order; the record is the truth, W&B a view of it.

Offline, a run is one whole segment: W&B ignores `resume` there, so opening it replaces the segment that lies there.
Online, the server is asked for the last step it holds, and rows are appended from there; a run is whole when the
server says that it holds the last epoch, whatever `log` and `finish` returned.
"""

import contextlib
import dataclasses
import hashlib
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import wandb
from wandb.errors import Error as WandbError

from results.ranking import Row, best_row
from results.whole_views import mark_whole
from trainable import contract

INIT_TIMEOUT_S = 30.0
"""W&B's own is 90 s; WANDB_INIT_TIMEOUT, which W&B knows, wins."""
FINISH_TIMEOUT_S = 30.0
"""W&B's own is none: it would wait for a dead server for hours; WANDB_FINISH_TIMEOUT, which W&B knows, wins."""
ASK_TIMEOUT_S = 10

WandbUnavailable = WandbError


@dataclass(frozen=True)
class WandbRunSettings:
    """What all runs of a sweep share."""

    mode: str
    """'online' or 'offline'"""
    project: str
    entity: str | None
    group: str
    created: str
    metric: str
    score_mode: str
    config: Mapping[str, Any] = field(default_factory=dict)
    """Beside the hyperparameters: the data, the seed, versions."""

    @property
    def view(self) -> str:
        """Whose mark says that a run is whole: on disk or at the server."""
        return "wandb" if self.mode == "offline" else "wandb_online"

    def offline(self) -> "WandbRunSettings":
        return dataclasses.replace(self, mode="offline")


def resolve_mode(wished: str | None) -> str:
    """'online', 'offline' or 'disabled': the wish, else WANDB_MODE, else online where a login is stored."""
    os.environ.setdefault("WANDB_SILENT", "true")
    mode = wished or os.environ.get("WANDB_MODE")
    if mode in ("online", "offline", "disabled"):
        return mode
    return "online" if _has_login() else "offline"


def _has_login() -> bool:
    return bool(wandb.login(prompt=False, verify=False))


def run_id(settings: WandbRunSettings, number: int) -> str:
    """The trial's id at W&B, the same after every resume; a run that has to go offline is another."""
    text = f"{settings.group}/{settings.created}/{number}/{settings.mode}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]


class TrialWandbRun:
    """One open run. Several live in one process, sharing one wandb-core."""

    def __init__(
        self, settings: WandbRunSettings, number: int, folder: Path, name: str, hyperparameters: Mapping[str, Any]
    ) -> None:
        """Open the run.

        Raises:
            WandbUnavailable: online, the server does not answer or refuses.
        """
        if settings.mode == "offline":
            shutil.rmtree(folder / "wandb", ignore_errors=True)
        self._folder, self._settings = folder, settings
        self._rows: list[Row] = []
        self._run = wandb.init(
            mode=settings.mode,  # type: ignore[arg-type]
            project=settings.project,
            entity=settings.entity,
            dir=str(folder),
            id=run_id(settings, number),
            name=name,
            group=settings.group,
            job_type="search",
            config={**hyperparameters, **settings.config, "trial": number},
            resume="allow" if settings.mode == "online" else None,
            reinit="create_new",
            settings=wandb.Settings(
                x_disable_stats=True,
                x_disable_machine_info=True,
                silent=True,
                console="off",
                init_timeout=float(os.environ.get("WANDB_INIT_TIMEOUT", INIT_TIMEOUT_S)),
                finish_timeout=float(os.environ.get("WANDB_FINISH_TIMEOUT", FINISH_TIMEOUT_S)),
                finish_timeout_raises=True,
            ),
        )
        self._run.define_metric("*", step_metric=contract.EPOCH)
        self._held_steps = self._run.starting_step if settings.mode == "online" else 0

    @property
    def epochs(self) -> int:
        """Epochs given to W&B or held by it."""
        return len(self._rows)

    @property
    def offline(self) -> bool:
        return self._settings.mode == "offline"

    def append(self, rows: Iterable[Row]) -> None:
        """Log the epochs that W&B lacks, each at its own step."""
        for row in rows:
            epoch = row[contract.EPOCH]
            if epoch != len(self._rows) + 1:
                continue
            self._rows.append(row)
            if epoch >= self._held_steps:
                shown = {name: value for name, value in row.items() if contract.is_metric(name)}
                self._run.log({**shown, contract.EPOCH: epoch}, step=epoch, commit=True)

    def close(self, status: str, wait: bool = True) -> None:
        """Write the summary (last and best) and finish. Not to `wait` leaves the sending to wandb-core.

        Raises:
            WandbUnavailable: the server did not take everything in time.
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
        if not wait:
            return
        try:
            self._run.finish(exit_code=1 if status == "failed" else 0)
        except TimeoutError:
            raise WandbUnavailable("the server did not take a run's last rows in time") from None

    def mark_if_whole(self) -> bool:
        """Mark the closed run of a trial that has ended, once every epoch lies on disk or, online, at the server.

        Raises:
            WandbUnavailable: online, the server does not answer.
        """
        if not self.offline:
            if self._last_step_held() < len(self._rows):
                return False
            for segment in self._folder.glob("wandb/offline-run-*"):  # of a time when the server was away
                shutil.rmtree(segment)
        mark_whole(self._folder, self._settings.view, len(self._rows))
        return True

    def _last_step_held(self) -> int:
        """What the server says; 0 where it holds no row."""
        path = f"{self._run.entity}/{self._run.project}/{self._run.id}"
        try:
            held = wandb.Api(timeout=ASK_TIMEOUT_S).run(path)
            last_step: int = held.lastHistoryStep
        except ValueError:  # no such run
            return 0
        with contextlib.suppress(OSError):  # wandb.Api makes a folder for the run's files: <tmp>/entity/project/id
            for made in (Path(held.dir), *Path(held.dir).parents[:2]):
                made.rmdir()
        return max(0, last_step)
