"""What a sweep is: one frozen value that the command line, a YAML file and sweep.yaml are three views of."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Literal

from results.record.origin import BESIDE_SETTINGS
from search_spaces.reading.files import is_space_file
from trainable.contract import (
    DEFAULT_STORAGE,
    FP32,
    PLACE,
    PRECISION_HELP,
    PRECISIONS,
    SettingError,
    UserError,
)
from trainable.ranking import Objective, read_names, read_objective, written_names
from trainable.runs import RunKind
from trainable.runs.choosing import DEFAULT_KIND, find_run_kind, is_in_file
from trainable.runs.code_faults import asked
from trainable.settings_fields import (
    Role,
    arguments_of,
    built,
    require,
    require_declarable,
    setting,
    single_fields,
    typed_values,
    with_values,
)
from trainable.user_paths import PathTo, read_address
from tune.sampling.names import SAMPLERS, TPE
from tune.searching.caps import Caps, read_duration
from tune.searching.stopping import StopWhen, read_stop_when

PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}")
CHANGEABLE, SEARCH, CONFIRM, TRAINING = Role.CHANGEABLE, Role.SEARCH, Role.CONFIRM, Role.TRAINING

Auto = Literal["auto"]
AUTO: Auto = "auto"

THE_SWEEP = "the sweep"
_sweep = partial(setting, group=THE_SWEEP)
_search = partial(setting, group="the search", roles=[SEARCH])
_end = partial(setting, group="when the search ends", roles=[CHANGEABLE, SEARCH])
_confirm = partial(setting, group="confirming what a search found", roles=[CONFIRM])
_resources = partial(setting, group="where it runs", roles=[CHANGEABLE])
_tracking = partial(setting, group="what is recorded at W&B (TensorBoard always is)", roles=[CHANGEABLE])


@dataclass(frozen=True)
class SweepSettings:
    """Everything that decides a sweep.

    Raises:
        SettingError: a value out of its range, named with its limit.
    """

    name: str = _sweep(
        "", "name of the sweep and of its folder (default: made from the date and time)", roles=[CONFIRM]
    )
    storage_path: str = _sweep(
        str(DEFAULT_STORAGE),
        "where sweeps lie, one folder each (default: results/sweeps)",
        roles=[CHANGEABLE],
        path_to=PathTo.NEW_FOLDER,
    )
    mirror: str | None = _sweep(
        None,
        "a store to keep the sweep in besides, while it runs: s3://BUCKET/FOLDER; --storage_path s3://... means that",
        roles=[CHANGEABLE],
        metavar="ADDRESS",
    )
    run: str = _sweep(
        DEFAULT_KIND,
        "what is trained: a name, FILE.py:KIND or module:KIND of your own",
        metavar="RUN",
        is_path=is_in_file,
    )
    num_samples: int = _sweep(16, "trials", roles=[CHANGEABLE, SEARCH])
    num_epochs: int = _sweep(30, "most epochs of a trial", roles=[TRAINING, CONFIRM])
    seed: int = _sweep(0, "seed of the proposals and of every trial", roles=[CONFIRM])
    precision: str = _sweep(FP32, PRECISION_HELP, roles=[TRAINING], choices=PRECISIONS)

    search_space: str = _search(
        "",
        "a name (--list_search_spaces), or a .py or .yaml file of your own (default: the run's)",
        roles=[CHANGEABLE, SEARCH],
        path_to=PathTo.FILE,
        is_path=is_space_file,
    )
    sampler: str = _search(
        TPE,
        f"what proposes: {', '.join(SAMPLERS)}, or a function of your own",
        roles=[CHANGEABLE, SEARCH],
        metavar="NAME|FILE.py:FUNCTION",
        is_path=is_in_file,
    )
    prior_trials: int = _search(
        5,
        "trials that are drawn from the search space's prior, where it has one, before the sampler proposes",
        roles=[CHANGEABLE, SEARCH],
        metavar="N",
    )
    tried: tuple[str, ...] = _search(
        (),
        "settings of your own, tried right after the starting values, which others keep: lr=3e-4,group_size=8",
        roles=[CHANGEABLE, SEARCH],
        metavar="NAME=VALUE,...",
        flag="try",
    )
    metric: str = _search(
        "", "metric that ranks the trials, or up to three: A,B (default: the run's objective)", roles=[]
    )
    mode: str = _search(
        "", "whether the metric's max or its min is best, of each one: max,min (default: as the run says)", roles=[]
    )
    constraint: tuple[str, ...] = _search(
        (), "'METRIC <= NUMBER' or >=, one or several: trials that satisfy them are ranked before all others", roles=[]
    )
    scheduler: str = _search(
        "promote",
        "promote: trials pause at rungs and the best of a rung go on; asha: who falls behind there is stopped for good",
        choices=("promote", "asha", "none"),
    )
    grace_period: int = _search(3, "epochs that no trial is paused or stopped before")
    reduction_factor: float = _search(
        3.0, "the best 1/N of the trials goes on past each rung, and rungs are N times apart (default: 3; 2 with asha)"
    )

    warm_start: tuple[str, ...] = _search(
        (),
        "earlier sweeps, names or folders: their trials teach the sampler where data, objective and fixed settings are "
        "the same; of others the best settings are tried first",
        metavar="SWEEP",
    )

    time_budget: str | None = _end(
        None,
        "for how long trials may run, all runs of the command together: 45s, 90min, 2h; room is kept for replicates",
        metavar="DURATION",
    )
    epoch_budget: int | None = _end(
        None, "epochs of all trials together, replicates included: room is kept for them", metavar="N"
    )
    stop_when: str | None = _end(
        None,
        "'gain < 0.003 in 20 trials': the search is over when the best score gained less over the last so many",
        metavar="RULE",
    )

    replicate: int = _search(
        3,
        "once the search is over, run the best N settings and the starting values again under a fresh seed, which "
        "ranks them: the seed of the search chose them and flatters them (0: do not)",
        roles=[CHANGEABLE, SEARCH],
        metavar="N",
    )
    replicate_seeds: int = _search(
        1,
        "most fresh seeds of a setting: one each, then more for those whose paired interval beside the leader's still "
        "holds 0",
        roles=[CHANGEABLE, SEARCH],
        metavar="N",
    )

    confirm: str = _confirm(
        "",
        "instead of searching: run the best settings of that sweep, and its starting values, under several seeds",
        metavar="SWEEP",
    )
    confirm_top: int = _confirm(3, "settings to confirm, beside the starting values")
    confirm_seeds: int = _confirm(
        5, "seeds of each setting, from --seed on (default of that: the first that the search has not seen)"
    )

    checkpoint_every: int = _sweep(
        1,
        "most epochs that an interrupted trial repeats; whenever its score improves it is saved besides",
        roles=[CHANGEABLE],
    )

    max_concurrent_trials: int | None = _resources(None, "most trials at a time (default: as many as fit)")
    cpus_per_trial: float = _resources(1.0, "CPU cores of a trial")
    gpus_per_trial: float | Literal["auto"] | None = _resources(
        None,
        "GPUs of a trial, or a share of one; auto: as many share one as fit, by what the first trial takes of it "
        "(default: 1 where there are GPUs, else 0)",
    )
    address: str | None = _resources(None, "a Ray cluster to join (default: this machine)")

    wandb_mode: str | None = _tracking(
        None,
        "W&B (default: WANDB_MODE, else online where a login is stored, else offline)",
        choices=("online", "offline", "disabled"),
    )
    wandb_project: str | None = _tracking(None, "W&B project (default: WANDB_PROJECT, else that of the kind of run)")
    wandb_entity: str | None = _tracking(None, "W&B user or team (default: WANDB_ENTITY, else yours)")
    upload_checkpoints: str = _tracking(
        "none",
        "checkpoints that W&B gets as model artifacts: that of a trial's best epoch, or every one (then all stay on "
        "disk too)",
        choices=("none", "best", "all"),
    )

    run_settings: Any = None
    """The settings of the kind of run; its fields are flags and YAML settings of their own."""

    def __post_init__(self) -> None:
        if not PLAIN_NAME.fullmatch(self.name):
            raise SettingError(
                "name",
                f" {self.name!r} is no plain folder name; use letters, digits, '.', '_' and '-', at most 255, "
                "beginning with a letter or digit",
            )
        if self.mirror is not None:
            read_address(self.mirror, "mirror")
        for name in (
            "num_samples",
            "num_epochs",
            "checkpoint_every",
            "grace_period",
            "confirm_top",
            "replicate_seeds",
            "epoch_budget",
            "max_concurrent_trials",
        ):
            value = getattr(self, name)
            require(self, name, value is None or value >= 1, "at least 1")
        require(self, "confirm_seeds", self.confirm_seeds >= 2, "at least 2: one seed has no spread")
        most = f"at most num_epochs ({self.num_epochs})"
        require(self, "grace_period", self.grace_period <= self.num_epochs, most)
        require(self, "seed", self.seed >= 0, "0 or more")
        for name in ("replicate", "prior_trials"):
            require(self, name, getattr(self, name) >= 0, "0 or more")
        is_sampler = self.sampler in SAMPLERS or is_in_file(self.sampler)
        require(self, "sampler", is_sampler, f"one of {', '.join(SAMPLERS)}, or FILE.py:FUNCTION")
        if self.time_budget:
            read_duration("time_budget", self.time_budget)
        if self.stop_when:
            read_stop_when(self.stop_when)
            alone = len(self.objective.metrics) == 1
            require(
                self, "stop_when", alone, f"left out with several objectives ({self.metric}), which gain no one thing"
            )
        require(self, "reduction_factor", 1 < self.reduction_factor < float("inf"), "above 1")
        require(self, "cpus_per_trial", 0 < self.cpus_per_trial < float("inf"), "above 0")
        gpus = self.gpus_per_trial
        is_possible = gpus is None or gpus == AUTO or 0 <= gpus <= 1 or (gpus > 1 and gpus.is_integer())
        require(self, "gpus_per_trial", is_possible, f"between 0 and 1, a whole number, or {AUTO}")

    @property
    def folder(self) -> Path:
        return Path(self.storage_path) / self.name

    @property
    def store_address(self) -> str | None:
        """Of the sweep in its store, where it has one."""
        return None if self.mirror is None else f"{read_address(self.mirror, 'mirror')}/{self.name}"

    @cached_property
    def objective(self) -> Objective:
        """What trials are ranked by."""
        return read_objective(self.metric, self.mode, self.constraint)

    @property
    def caps(self) -> Caps:
        """What the sweep may take."""
        seconds = read_duration("time_budget", self.time_budget) if self.time_budget else None
        finalists = self.replicate + 1 if self.replicate else 0
        return Caps(self.epoch_budget, seconds, finalists, self.num_epochs)

    @property
    def rule_to_stop(self) -> StopWhen | None:
        """When no more is to be gained."""
        return read_stop_when(self.stop_when) if self.stop_when else None

    @property
    def run_kind(self) -> RunKind:
        return find_run_kind(self.run)


NAMES_OF_FLAGS = ("help", "h", "version", "resume", "retry_errored", "promote", "config", "list_search_spaces")
"""Of the command line, beside those that are settings."""
NAMES_AT_WANDB = ("trial", *PLACE, "data", "fingerprint", "platform", "git_commit")
"""What the config of a run holds beside its settings."""
_OWN = single_fields(SweepSettings)
TAKEN_NAMES = (*_OWN, "run_settings", *BESIDE_SETTINGS, *NAMES_OF_FLAGS, *NAMES_AT_WANDB)
"""What no setting of a kind of run can be called."""


def find_sweepable(run: str) -> RunKind:
    """A kind of run by its name, if a sweep can read and record its settings beside its own.

    Raises:
        UserError: there is none of that name, or a setting of it is no such.
    """
    kind = find_run_kind(run)
    try:
        require_declarable(kind.settings_type, TAKEN_NAMES)
    except UserError as error:
        raise SettingError("run", f" {run}: {error}") from None
    return kind


def from_flat(flat: dict[str, Any]) -> SweepSettings:
    """Settings from values by flag's name; absent and empty ones are the run's, else the defaults; paths are absolute.

    Raises:
        UserError: no such setting, or a value that is out of range or of the wrong type.
    """
    kind = find_sweepable(str(flat.get("run", SweepSettings.run)))
    given, of_run = typed_values(flat, SweepSettings, kind.settings_type)
    for name, value in given.items():
        if value == "" and _OWN[name].default != "":
            raise SettingError(name, " is empty; give a value or leave it out")
    own = {
        "metric": written_names([kind.objective]),
        "search_space": "" if given.get("confirm") else kind.search_space,
        "reduction_factor": 2.0 if given.get("scheduler") == "asha" else SweepSettings.reduction_factor,
        "grace_period": max(1, min(SweepSettings.grace_period, given.get("num_epochs", SweepSettings.num_epochs))),
        **{name: value for name, value in given.items() if value != ""},
    }
    own |= _as_text(_objective(kind, own))
    if own.get("mirror"):
        own["mirror"] = read_address(own["mirror"], "mirror")
    _require_precision(kind, own.get("precision", FP32))
    return SweepSettings(
        **arguments_of(SweepSettings, own), run_settings=asked("settings", _with_defaults, kind, of_run)
    )


def _require_precision(kind: RunKind, precision: str) -> None:
    known = tuple(kind.precisions) if kind.uses_torch else (FP32,)
    if precision in PRECISIONS and precision not in known:
        raise SettingError("precision", f" is {precision}; a run of {kind.name} computes in {' or '.join(known)}")


def _objective(kind: RunKind, own: Mapping[str, Any]) -> Objective:
    names = read_names(own["metric"])
    for name in names:
        if name not in kind.modes:
            raise SettingError("metric", f" {name!r}: trials cannot be ranked by it; it can be {', '.join(kind.modes)}")
    mode = own.get("mode", ",".join(kind.modes[name] for name in names))
    return read_objective(own["metric"], mode, own.get("constraint", ()))


def _as_text(objective: Objective) -> dict[str, Any]:
    """Written in one way, however the user did."""
    return {
        "metric": written_names(objective.metrics),
        "mode": ",".join(objective.modes),
        "constraint": tuple(constraint.written for constraint in objective.constraints),
    }


def _with_defaults(kind: RunKind, given: dict[str, Any]) -> Any:
    """The settings of a run, those that were not given as the kind has them beside those that were."""
    settings: Any = built(kind.settings_type, given)
    return with_values(settings, {name: value for name, value in kind.defaults(settings).items() if name not in given})
