"""What a sweep is: one frozen value that the command line, a YAML file and sweep.yaml are three views of."""

import dataclasses
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trainable.runs
from trainable.contract import DEFAULT_STORAGE, UserError
from trainable.flags import flag_fields, is_list, value_type

PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def _flag(group: str, default: Any, text: str, *, changeable: bool = False, **metadata: Any) -> Any:
    """`changeable`: a resume may change it without mixing trials that cannot be compared."""
    return field(default=default, metadata={"group": group, "help": text, "changeable": changeable, **metadata})


@dataclass(frozen=True)
class SweepSettings:
    """Everything that decides a sweep.

    Raises:
        UserError: a value out of its range, named with its limit.
    """

    name: str = _flag("sweep", "", "name of the sweep and of its folder (default: made from the date and time)")
    storage_path: str = _flag(
        "sweep", str(DEFAULT_STORAGE), "where sweeps lie, one folder each (default: results/sweeps)", changeable=True
    )
    run: str = _flag("sweep", "joint_controller", "what is trained: a name or module:attribute", metavar="RUN")
    num_samples: int = _flag("sweep", 16, "trials", changeable=True)
    num_epochs: int = _flag("sweep", 30, "most epochs of a trial")
    seed: int = _flag("sweep", 0, "seed of the proposals and of every trial")

    search_space: str = _flag(
        "search",
        "",
        "name of a search space, or a .py file that defines SPACE (default: the run's own)",
        changeable=True,
    )
    metric: str = _flag("search", "", "metric that ranks the trials (default: the run's objective)")
    mode: str = _flag("search", "", "whether the metric's max or its min is best", choices=("max", "min"))
    scheduler: str = _flag("search", "asha", "early stopping", choices=("asha", "none"))
    grace_period: int = _flag("search", 3, "epochs that no trial is stopped before")
    reduction_factor: float = _flag("search", 2.0, "the best 1/N of the trials goes on past each rung")

    confirm: str = _flag(
        "confirm",
        "",
        "instead of searching: run the best settings of that sweep, and its starting values, under several seeds",
        metavar="SWEEP",
    )
    confirm_top: int = _flag("confirm", 3, "settings to confirm, beside the starting values")
    confirm_seeds: int = _flag(
        "confirm", 5, "seeds of each setting, from --seed on (default of that: the search's + 1)"
    )

    max_concurrent_trials: int | None = _flag(
        "resources", None, "most trials at a time (default: as many as fit)", changeable=True
    )
    cpus_per_trial: float = _flag("resources", 1.0, "CPU cores of a trial", changeable=True)
    gpus_per_trial: float | None = _flag(
        "resources",
        None,
        "GPUs of a trial, or a share of one (default: 1 where there are GPUs, else 0)",
        changeable=True,
    )
    address: str | None = _flag("resources", None, "a Ray cluster to join (default: this machine)", changeable=True)

    wandb_mode: str | None = _flag(
        "tracking",
        None,
        "W&B (default: WANDB_MODE, else online where a login is stored, else offline)",
        choices=("online", "offline", "disabled"),
        changeable=True,
    )
    wandb_project: str = _flag("tracking", "molmo-controller", "W&B project", changeable=True)
    wandb_entity: str | None = _flag("tracking", None, "W&B user or team (default: yours)", changeable=True)

    upload_checkpoints: str = _flag(
        "tracking",
        "none",
        "checkpoints that W&B gets as model artifacts: a trial's last, which holds its best policy, or every epoch's "
        "(then all stay on disk too)",
        choices=("none", "best", "all"),
        changeable=True,
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
            self._require(name, value is None or value >= 1, "at least 1")
        self._require("confirm_seeds", self.confirm_seeds >= 2, "at least 2: one seed has no spread")
        self._require("seed", self.seed >= 0, "0 or more")
        self._require("reduction_factor", 1 < self.reduction_factor < float("inf"), "above 1")
        self._require("cpus_per_trial", 0 < self.cpus_per_trial < float("inf"), "above 0")
        gpus = self.gpus_per_trial
        self._require(
            "gpus_per_trial",
            gpus is None or 0 <= gpus <= 1 or (gpus < float("inf") and gpus == int(gpus)),
            "between 0 and 1, or a whole number",
        )

    def _require(self, name: str, holds: bool, wanted: str) -> None:
        if not holds:
            raise UserError(f"--{name} is {getattr(self, name)!r}; it must be {wanted}")

    @property
    def folder(self) -> Path:
        return Path(self.storage_path).absolute() / self.name

    @property
    def run_kind(self) -> trainable.runs.RunKind:
        return trainable.runs.find_run_kind(self.run)

    def to_flat(self) -> dict[str, Any]:
        """Every setting by its flag's name, as sweep.yaml holds it."""
        own = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "run_settings"}
        flat = own | dataclasses.asdict(self.run_settings)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in flat.items()}


def from_flat(flat: dict[str, Any]) -> SweepSettings:
    """Settings from values by flag's name, absent ones by default; what the run decides is filled in.

    Raises:
        UserError: no such setting, or a value that is out of range or of the wrong type.
    """
    kind = trainable.runs.find_run_kind(flat.get("run", SweepSettings.run))
    own_fields, run_fields = flag_fields(SweepSettings), {f.name: f for f in dataclasses.fields(kind.settings_type)}
    own: dict[str, Any] = {}
    of_run: dict[str, Any] = {}
    for name, value in flat.items():
        if name not in own_fields and name not in run_fields:
            raise UserError(f"no setting {name!r}; run_sweep.py --help lists them")
        into, setting = (own, own_fields[name]) if name in own_fields else (of_run, run_fields[name])
        into[name] = _typed(setting, value)
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


def _typed(setting: "dataclasses.Field[Any]", value: Any) -> Any:
    """A value from YAML or the command line as the setting's type."""
    wanted = value_type(setting)
    if is_list(setting) and isinstance(value, (list, tuple)):
        return tuple(_typed_item(setting, wanted, item) for item in value)
    if value is None and setting.default is None:
        return None
    typed = _typed_item(setting, wanted, value)
    choices = setting.metadata.get("choices")
    if choices and typed not in choices and typed != setting.default:
        raise UserError(f"--{setting.name} {value!r}: it can be {', '.join(choices)}")
    return (typed,) if is_list(setting) else typed


def _typed_item(setting: "dataclasses.Field[Any]", wanted: type, value: Any) -> Any:
    if wanted is float and isinstance(value, (int, str)) and not isinstance(value, bool):
        # YAML reads 1e-4 as text: it wants a point before the exponent.
        try:
            return float(value)
        except ValueError:
            pass
    elif isinstance(value, wanted) and isinstance(value, bool) == (wanted is bool):
        return value
    kinds = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
    raise UserError(f"--{setting.name} is {value!r}; it must be {kinds[wanted]}")
