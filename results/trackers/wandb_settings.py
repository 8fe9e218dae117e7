"""What W&B holds of a run beside its rows: where it belongs, its config, which checkpoints it gets."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from results.trackers.wandb_client import base_url
from trainable.contract import UserError
from trainable.ranking import Objective

NO_CHECKPOINTS = "none"
CHECKPOINTS = (NO_CHECKPOINTS, "best", "all")
"""Which of a trial's are sent as model artifacts; each holds what those before it hold."""

OFFLINE_VIEW, ONLINE_VIEW = "wandb", "wandb_online"
"""Whose mark says that a run is whole: on disk, or at the server."""

LONGEST_NAME = 128
"""Characters of a run's name; its server takes no more."""

SCORE, BEST_EPOCH, STATUS, FEASIBLE = "score", "best_epoch", "status", "feasible"
"""In a run's summary: the first objective at its best epoch, that epoch, how the run ended, and, where there are
constraints, whether that epoch satisfies them."""


def at_best_epoch(metric: str) -> str:
    """What a metric's value there is called in a run's summary."""
    return f"best/{metric}"


@dataclass(frozen=True)
class WandbRunSettings:
    """What all runs of a sweep share, or what the only one has."""

    mode: str
    """'online' or 'offline'"""
    project: str | None
    """None here and for the id: W&B's own agent has decided (its environment variables name them)."""
    entity: str | None
    objective: Objective
    group: str | None = None
    """The sweep's own."""
    tags: tuple[str, ...] = ()
    sweep_id: str | None = None
    """Of the sweep's entry on W&B's Sweeps page, if it has one."""
    config: Mapping[str, Any] = field(default_factory=dict)
    """Beside a run's own: the data, the versions, what else all runs share."""
    upload_checkpoints: str = NO_CHECKPOINTS
    """One of CHECKPOINTS."""

    @property
    def is_online(self) -> bool:
        return self.mode == "online"

    @property
    def view(self) -> str:
        return ONLINE_VIEW if self.is_online else OFFLINE_VIEW

    def mark(self, epochs: int, status: str) -> str:
        """What the mark of a whole run says: what it holds, and where."""
        server = f"{base_url()}/" if self.is_online else ""
        place = f"{server}{self.entity or '-'}/{self.project}"
        return f"{epochs} epochs, {status}, checkpoints: {self.upload_checkpoints}, {place}"

    def marks_of_at_least(self, epochs: int, status: str) -> list[str]:
        """What the mark of a run may say that holds this, with these checkpoints or with more."""
        enough = CHECKPOINTS[CHECKPOINTS.index(self.upload_checkpoints) :]
        return [dataclasses.replace(self, upload_checkpoints=which).mark(epochs, status) for which in enough]

    def offline(self) -> "WandbRunSettings":
        return dataclasses.replace(self, mode="offline")


@dataclass(frozen=True)
class RunDescription:
    """What one run has for itself."""

    id: str | None
    name: str
    config: Mapping[str, Any]
    folder: Path
    """Gets W&B's files, in `wandb/`."""
    job_type: str


def filled_in(run_name: str, values: Mapping[str, Any]) -> str:
    """A run's name, from the format that its kind declares.

    Raises:
        UserError: it names what there is not, or formats it as what it is not.
    """
    try:
        return run_name.format(**values)
    except KeyError as error:
        raise UserError(f"{error} is no setting, and nothing that is known of the sweep") from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise UserError(f"it cannot be filled in ({error})") from None


@dataclass(frozen=True)
class ModelArtifact:
    """A checkpoint, as W&B keeps it."""

    path: Path
    """A file, or a folder."""
    name: str
    """Followed by the run's id: each run has a model of its own, with as many versions as it was sent in."""
    metadata: Mapping[str, Any]
    aliases: tuple[str, ...] = ("best", "latest")
