"""What a sweep is: one frozen value that the command line, a YAML file and sweep.yaml are three views of."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainable.contract import DEFAULT_STORAGE, UserError
from trainable.runs import RunKind, find_run_kind
from trainable.settings_fields import Role, require, setting, typed_values

PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
CHANGEABLE, SEARCH, CONFIRM, TRAINING = Role.CHANGEABLE, Role.SEARCH, Role.CONFIRM, Role.TRAINING


def is_space_file(path: Path) -> bool:
    """Whether what names a search space is a file and not a space of the project."""
    return path.suffix == ".py"


@dataclass(frozen=True)
class SweepSettings:
    """Everything that decides a sweep.

    Raises:
        UserError: a value out of its range, named with its limit.
    """

    name: str = setting(
        "", "name of the sweep and of its folder (default: made from the date and time)", group="sweep", roles=[CONFIRM]
    )
    storage_path: str = setting(
        str(DEFAULT_STORAGE),
        "where sweeps lie, one folder each (default: results/sweeps)",
        group="sweep",
        roles=[CHANGEABLE],
    )
    run: str = setting("joint_controller", "what is trained: a name or module:attribute", group="sweep", metavar="RUN")
    num_samples: int = setting(16, "trials", group="sweep", roles=[CHANGEABLE, SEARCH])
    num_epochs: int = setting(30, "most epochs of a trial", group="sweep", roles=[TRAINING, CONFIRM])
    seed: int = setting(0, "seed of the proposals and of every trial", group="sweep", roles=[CONFIRM])

    search_space: str = setting(
        "",
        "name of a search space, or a .py file that defines SPACE (default: the run's own)",
        group="search",
        roles=[CHANGEABLE],
        names_path=is_space_file,
    )
    metric: str = setting("", "metric that ranks the trials (default: the run's objective)", group="search", roles=[])
    mode: str = setting(
        "", "whether the metric's max or its min is best", group="search", roles=[], choices=("max", "min")
    )
    scheduler: str = setting("asha", "early stopping", group="search", roles=[SEARCH], choices=("asha", "none"))
    grace_period: int = setting(3, "epochs that no trial is stopped before", group="search", roles=[SEARCH])
    reduction_factor: float = setting(
        2.0, "the best 1/N of the trials goes on past each rung", group="search", roles=[SEARCH]
    )

    confirm: str = setting(
        "",
        "instead of searching: run the best settings of that sweep, and its starting values, under several seeds",
        group="confirm",
        roles=[CONFIRM],
        metavar="SWEEP",
    )
    confirm_top: int = setting(3, "settings to confirm, beside the starting values", group="confirm", roles=[CONFIRM])
    confirm_seeds: int = setting(
        5,
        "seeds of each setting, from --seed on (default of that: the search's + 1)",
        group="confirm",
        roles=[CONFIRM],
    )

    max_concurrent_trials: int | None = setting(
        None, "most trials at a time (default: as many as fit)", group="resources", roles=[CHANGEABLE]
    )
    cpus_per_trial: float = setting(1.0, "CPU cores of a trial", group="resources", roles=[CHANGEABLE])
    gpus_per_trial: float | None = setting(
        None,
        "GPUs of a trial, or a share of one (default: 1 where there are GPUs, else 0)",
        group="resources",
        roles=[CHANGEABLE],
    )
    address: str | None = setting(
        None, "a Ray cluster to join (default: this machine)", group="resources", roles=[CHANGEABLE]
    )

    wandb_mode: str | None = setting(
        None,
        "W&B (default: WANDB_MODE, else online where a login is stored, else offline)",
        group="tracking",
        roles=[CHANGEABLE],
        choices=("online", "offline", "disabled"),
    )
    wandb_project: str = setting("molmo-controller", "W&B project", group="tracking", roles=[CHANGEABLE])
    wandb_entity: str | None = setting(None, "W&B user or team (default: yours)", group="tracking", roles=[CHANGEABLE])
    upload_checkpoints: str = setting(
        "none",
        "checkpoints that W&B gets as model artifacts: a trial's last, which holds its best policy, or every epoch's "
        "(then all stay on disk too)",
        group="tracking",
        roles=[CHANGEABLE],
        choices=("none", "best", "all"),
    )

    run_settings: Any = None
    """The settings of the kind of run; its fields are flags and YAML settings of their own."""

    def __post_init__(self) -> None:
        if not PLAIN_NAME.fullmatch(self.name):
            raise UserError(
                f"--name {self.name!r} is no plain folder name; use letters, digits, '.', '_' and '-', "
                "beginning with a letter or digit"
            )
        for name in ("num_samples", "num_epochs", "grace_period", "confirm_top", "max_concurrent_trials"):
            value = getattr(self, name)
            require(self, name, value is None or value >= 1, "at least 1")
        require(self, "confirm_seeds", self.confirm_seeds >= 2, "at least 2: one seed has no spread")
        require(self, "seed", self.seed >= 0, "0 or more")
        require(self, "reduction_factor", 1 < self.reduction_factor < float("inf"), "above 1")
        require(self, "cpus_per_trial", 0 < self.cpus_per_trial < float("inf"), "above 0")
        gpus = self.gpus_per_trial
        require(
            self,
            "gpus_per_trial",
            gpus is None or 0 <= gpus <= 1 or (gpus < float("inf") and gpus == int(gpus)),
            "between 0 and 1, or a whole number",
        )

    @property
    def folder(self) -> Path:
        return Path(self.storage_path).absolute() / self.name

    @property
    def run_kind(self) -> RunKind:
        return find_run_kind(self.run)


def from_flat(flat: dict[str, Any]) -> SweepSettings:
    """Settings from values by flag's name, absent ones by default; what the run decides is filled in.

    Raises:
        UserError: no such setting, or a value that is out of range or of the wrong type.
    """
    kind = find_run_kind(flat.get("run", SweepSettings.run))
    own, of_run = typed_values(flat, SweepSettings, kind.settings_type)
    metric = own.get("metric") or kind.objective
    if metric not in kind.modes:
        raise UserError(f"--metric {metric!r}: trials cannot be ranked by it; it can be {', '.join(kind.modes)}")
    own |= {
        "metric": metric,
        "mode": own.get("mode") or kind.modes[metric],
        "search_space": own.get("search_space") or kind.search_space,
    }
    num_epochs = own.get("num_epochs", SweepSettings.num_epochs)
    if "grace_period" not in own:
        own["grace_period"] = max(1, min(SweepSettings.grace_period, num_epochs))
    elif own["grace_period"] > num_epochs:
        raise UserError(f"--grace_period is {own['grace_period']}; it must be at most --num_epochs ({num_epochs})")
    return SweepSettings(**own, run_settings=kind.settings_type(**of_run))
