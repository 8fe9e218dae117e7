"""What W&B is told of a run beside its rows: where it belongs, its config, which checkpoints it gets."""

import dataclasses
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from results.trackers.wandb_client import wandb

NO_CHECKPOINTS = "none"
CHECKPOINTS = (NO_CHECKPOINTS, "best", "all")
"""Which of a trial's are sent as model artifacts; each holds what those before it hold."""


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
    sweep_id: str | None = None
    """Of the sweep's entry on W&B's Sweeps page, if it has one."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Beside a run's own: the data, the versions, what else all runs share."""
    upload_checkpoints: str = NO_CHECKPOINTS
    """One of CHECKPOINTS."""
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
        what = f"{epochs} epochs, {status}, checkpoints: {self.upload_checkpoints}"
        if self.mode == "offline":
            return what
        return f"{what}, {wandb.setup().settings.base_url}/{self.entity or '-'}/{self.project}"

    def held_or_more(self, epochs: int, status: str) -> list[str]:
        """What the mark of a run says that holds at least this."""
        enough = CHECKPOINTS[CHECKPOINTS.index(self.upload_checkpoints) :]
        return [dataclasses.replace(self, upload_checkpoints=which).held(epochs, status) for which in enough]

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
    aliases: tuple[str, ...] = ("best", "latest")


def run_id(settings: WandbRunSettings, number: int) -> str:
    """A trial's id at W&B, the same after every resume in one mode."""
    text = f"{settings.sweep}/{settings.created}/{number}/{settings.mode}"
    return hashlib.sha256(text.encode()).hexdigest()[:12]
