"""From a request to a finished sweep: check everything, begin or go on, fit, and say what came of it."""

import dataclasses
import datetime
import importlib.metadata
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from ray import tune
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from rich.console import Console

from results.find import find_sweep, latest_sweep
from results.records import SweepRecord, TrialRecord, read_settings, read_sweep
from results.trial_log import TrialLog
from results.wandb_record import WandbRunSettings, resolve_mode
from search_spaces.choose import SearchSpace, load_space
from trainable import contract
from trainable.contract import UserError, shown_path
from trainable.flags import flag_fields
from trainable.folder_lock import only_driver
from trainable.ray_trainable import RunTrainable
from trainable.runs import DataDescription
from tune import announce
from tune.command_line import LATEST, Request
from tune.interruption import Interruption, stop_on_signals
from tune.progress import Progress
from tune.recorder import Recorder
from tune.resources import Allotment, allot, connect
from tune.scheduler import RebuiltASHA
from tune.searcher import RecordedSearch
from tune.settings import SHIPPED_STORAGE, SweepSettings, from_flat
from tune.tensorboard_callback import TensorBoardCallback
from tune.wandb_callback import SweepWandbCallback

NOT_REPEATED = ("name", "resume", "created", "history")
"""What `--config` of a sweep.yaml does not take over."""


@dataclass(frozen=True)
class Plan:
    """A sweep that has been checked and may run."""

    settings: SweepSettings
    created: str
    space: SearchSpace
    data: Any
    description: DataDescription


def run_requested_sweep(request: Request) -> int:
    """Begin a sweep or go on with one; the exit status."""
    console = Console(soft_wrap=True, highlight=False)
    if request.resume is None:
        plan = _plan_new(request)
        _refuse_used_name(plan.settings)
        connect(plan.settings.address)
        allotment = _allot(plan.settings)
        _begin(plan)
        with only_driver(plan.settings.folder, f"sweep {plan.settings.name}"):
            return _run(plan, allotment, console)
    folder = _folder_to_resume(request)
    with only_driver(folder, f"sweep {folder.name}"):
        plan, changes = _plan_resumed(request, folder)
        for change in changes:
            console.print(change, markup=False)
        if not _trials_left(read_sweep(folder), plan.settings.num_samples):
            return _say_nothing_left(plan, console)
        connect(plan.settings.address)
        allotment = _allot(plan.settings)
        _write_settings(plan, changes)
        return _run(plan, allotment, console)


def _plan_new(request: Request) -> Plan:
    flat = {name: value for name, value in _from_file(request.file).items() if name not in NOT_REPEATED}
    now = datetime.datetime.now()
    settings = from_flat({"name": f"sweep-{now:%Y%m%d-%H%M%S}"} | flat | request.flags)
    return _plan(settings, f"{now:%Y%m%d-%H%M%S}")


def _from_file(file: Path | None) -> dict[str, Any]:
    return read_settings(file) if file else {}


def _plan(settings: SweepSettings, created: str) -> Plan:
    kind = settings.run_kind
    space = load_space(settings.search_space)
    _check_space(settings, space)
    data = kind.prepare(settings.run_settings)
    return Plan(settings, created, space, data, kind.describe(settings.run_settings, data))


def _check_space(settings: SweepSettings, space: SearchSpace) -> None:
    """Both ends of every dimension must be values that a trial can have.

    Raises:
        UserError: a name that is no hyperparameter of the run, or a bound out of its range.
    """
    known = [f.name for f in dataclasses.fields(settings.run_settings)]
    for name, distribution in space.items():
        if name not in known:
            raise UserError(
                f"--search_space {settings.search_space}: {name!r} is no hyperparameter of {settings.run}; "
                f"it can be {', '.join(known)}"
            )
        for value in _ends(distribution):
            try:
                dataclasses.replace(settings.run_settings, **{name: value})
            except UserError as error:
                raise UserError(f"--search_space {settings.search_space}: {error}; narrow its range") from None


def _ends(distribution: Any) -> tuple[Any, ...]:
    return distribution.choices if hasattr(distribution, "choices") else (distribution.low, distribution.high)


def _refuse_used_name(settings: SweepSettings) -> None:
    if settings.folder.exists():
        raise UserError(
            f"--name {settings.name}: {settings.folder} exists already; take another name, or go on with "
            f"--resume {settings.name}"
        )


def _allot(settings: SweepSettings) -> Allotment:
    return allot(settings.cpus_per_trial, settings.gpus_per_trial, settings.max_concurrent_trials)


def _begin(plan: Plan) -> None:
    folder = plan.settings.folder
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise UserError(
            f"--storage_path {folder.parent}: cannot write there ({error.strerror}); give another"
        ) from None
    _write_settings(plan, [])
    data = {"objective": plan.settings.run_kind.objective, **plan.description.to_json()}
    (folder / contract.DATA_FILE).write_text(json.dumps(data, indent=2) + "\n")


def _write_settings(plan: Plan, changes: list[str]) -> None:
    file = plan.settings.folder / contract.SWEEP_FILE
    history = read_settings(file).get("history", []) if file.exists() else []
    if changes:
        history.append({"when": f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S}", "changes": changes})
    content = plan.settings.to_flat() | {"created": plan.created} | ({"history": history} if history else {})
    written = file.with_suffix(".yaml.new")
    written.write_text(yaml.safe_dump(content, sort_keys=False))
    written.replace(file)


def _folder_to_resume(request: Request) -> Path:
    storage = Path(request.flags.get("storage_path", SHIPPED_STORAGE)).absolute()
    return latest_sweep(storage) if request.resume == LATEST else find_sweep(str(request.resume), storage)


def _plan_resumed(request: Request, folder: Path) -> tuple[Plan, list[str]]:
    """The sweep's own settings with the changes that were asked for, and these in words.

    Raises:
        UserError: a change that would mix trials which cannot be compared, or other data than the sweep's.
    """
    before = read_settings(folder / contract.SWEEP_FILE)
    created = str(before.pop("created"))
    before.pop("history", None)
    asked = request.flags | {"name": folder.name, "storage_path": str(folder.parent)}
    settings = from_flat(before | asked)
    after = settings.to_flat()
    changes = []
    for name, value in after.items():
        if value == before.get(name) or name in ("name", "storage_path"):
            continue
        setting = flag_fields(SweepSettings).get(name)
        if setting is None or not setting.metadata["changeable"]:
            raise UserError(
                f"--resume {folder.name}: --{name} {value} is not what its trials ran with ({before.get(name)}), and "
                "trials of both could not be compared; begin a new sweep with "
                f"--config {shown_path(folder / contract.SWEEP_FILE)} --{name} {value}"
            )
        changes.append(f"{name}: {before.get(name)} -> {value}")
    plan = _plan(settings, created)
    recorded = read_sweep(folder).data
    if recorded and recorded["fingerprint"] != plan.description.fingerprint:
        raise UserError(
            f"--resume {folder.name}: its data has changed since ({plan.description.summary}; it was "
            f"{recorded['summary']}), so old and new trials could not be compared; restore it or begin a new sweep"
        )
    return plan, changes


def _trials_left(record: SweepRecord, num_samples: int) -> int:
    unfinished = sum(not trial.finished for trial in record.trials)
    return unfinished + max(0, num_samples - len(record.trials))


def _say_nothing_left(plan: Plan, console: Console) -> int:
    record = read_sweep(plan.settings.folder)
    announce.print_end(console, plan.settings, record, resolve_mode(plan.settings.wandb_mode))
    console.print(
        f"\nNothing is left to do: all {len(record.trials)} trials have ended. More trials: "
        f"{announce.resume_command(plan.settings)} --num_samples N"
    )
    return 0


def _run(plan: Plan, allotment: Allotment, console: Console) -> int:
    settings = plan.settings
    record = _cut_to_checkpoints(read_sweep(settings.folder))
    announce.print_start(console, settings, plan.description, allotment)
    wandb_mode = resolve_mode(settings.wandb_mode)
    if wandb_mode == "offline":
        console.print(
            f"  W&B     offline; send it later with: wandb sync "
            f"{shown_path(settings.folder)}/trial_*/wandb/offline-run-*",
            markup=False,
        )
    tuner, wandb_callback = _build_tuner(plan, record, allotment, wandb_mode, console)
    with stop_on_signals() as interruption:
        tuner.fit()
    if wandb_callback and wandb_callback.unavailable:
        console.print(f"W&B did not take everything: {wandb_callback.unavailable}", markup=False)
    return _finish(plan, interruption, wandb_mode, console)


def _cut_to_checkpoints(record: SweepRecord) -> SweepRecord:
    """Rows of unfinished trials beyond their newest checkpoint: those epochs are run again."""
    for trial in record.trials:
        if not trial.finished:
            TrialLog(trial.folder, keep_epochs=max(trial.checkpoint_epochs, default=0))
    return read_sweep(record.folder)


def _build_tuner(
    plan: Plan, record: SweepRecord, allotment: Allotment, wandb_mode: str, console: Console
) -> tuple[tune.Tuner, SweepWandbCallback | None]:
    """The Ray side of the sweep, built afresh from the record: what is finished never enters Ray."""
    settings, kind = plan.settings, plan.settings.run_kind
    searcher = RecordedSearch(
        plan.space, _first_hyperparameters(plan), settings.seed, settings.num_samples, settings.num_epochs, record
    )
    recorder = Recorder(settings.folder, record.trials)
    callbacks: list[tune.Callback] = [recorder, TensorBoardCallback(record, recorder)]
    wandb_callback = None
    if wandb_mode != "disabled":
        wandb_callback = SweepWandbCallback(_wandb_settings(plan, wandb_mode), record, recorder, kind.run_name)
        callbacks.append(wandb_callback)
    callbacks.append(Progress(record, recorder, settings.num_samples, console))
    trainable = tune.with_parameters(
        RunTrainable, run_kind=settings.run, settings=settings.run_settings, seed=settings.seed, data=plan.data
    )
    tuner = tune.Tuner(
        tune.with_resources(trainable, {"cpu": allotment.cpus_per_trial, "gpu": allotment.gpus_per_trial}),
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            scheduler=_scheduler(settings, record.trials),
            num_samples=_trials_left(record, settings.num_samples),
            max_concurrent_trials=allotment.max_concurrent_trials,
            reuse_actors=True,
            trial_dirname_creator=lambda trial: contract.trial_folder_name(searcher.number_of(trial.trial_id)),
        ),
        run_config=tune.RunConfig(
            name=settings.name,
            storage_path=str(settings.folder.parent),
            stop={contract.EPOCH: settings.num_epochs},
            checkpoint_config=tune.CheckpointConfig(num_to_keep=2),
            callbacks=callbacks,
            verbose=0,
        ),
    )
    return tuner, wandb_callback


def _first_hyperparameters(plan: Plan) -> dict[str, Any]:
    """Everybody's starting values, and the settings' own for what else the space holds."""
    of_space = {name: getattr(plan.settings.run_settings, name) for name in plan.space}
    return of_space | dict(plan.settings.run_kind.first_hyperparameters)


def _scheduler(settings: SweepSettings, trials: tuple[TrialRecord, ...]) -> TrialScheduler:
    if settings.scheduler == "none":
        return FIFOScheduler()
    scheduler = RebuiltASHA(
        settings.metric, settings.mode, settings.num_epochs, settings.grace_period, settings.reduction_factor
    )
    scheduler.replay(trials)
    return scheduler


def _wandb_settings(plan: Plan, mode: str) -> WandbRunSettings:
    settings = plan.settings
    versions = {f"version/{name}": importlib.metadata.version(name) for name in ("ray", "torch", "optuna", "wandb")}
    own = {name: value for name, value in settings.to_flat().items() if name not in plan.space}
    return WandbRunSettings(
        mode=mode,
        project=settings.wandb_project,
        entity=settings.wandb_entity or os.environ.get("WANDB_ENTITY"),
        group=settings.name,
        created=plan.created,
        metric=settings.metric,
        score_mode=settings.mode,
        config={**own, "data": plan.description.summary, "fingerprint": plan.description.fingerprint, **versions},
    )


def _finish(plan: Plan, interruption: Interruption, wandb_mode: str, console: Console) -> int:
    record = read_sweep(plan.settings.folder)
    if interruption.signal:
        console.print(
            f"Stopped by {interruption.signal.name}; everything is on disk. Go on with: "
            f"{announce.resume_command(plan.settings)}",
            markup=False,
        )
        return interruption.exit_status
    announce.print_end(console, plan.settings, record, wandb_mode)
    return 1 if any(trial.failure for trial in record.trials) else 0
