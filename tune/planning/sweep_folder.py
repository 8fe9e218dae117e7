"""A planned sweep on disk: its folder is made, and what the sweep is written into it."""

import dataclasses
import datetime
import shutil

from results.files.atomic_write import make_folder, read_json, write_json
from results.files.folder_lock import exclusive_lock
from results.record.settings_file import read_settings
from results.record.space import write_space
from results.record.sweeps import write_sweep_file
from results.record.trial.log import write_params
from results.record.upgrade import FORMAT
from results.record.warm_start import write_warm_start
from trainable import contract
from trainable.flags import as_arguments
from trainable.settings_fields import Role, names_with, roles_by_name, to_flat
from tune.planning.plan import Plan, exists_already
from tune.planning.recorded_prior import write_prior
from tune.request.provenance import SOURCES, provenance, sources


def begin(plan: Plan) -> Plan:
    """Make the sweep's folder and write what it is; the plan with the name that it got.

    Raises:
        UserError: it cannot be written, or not be locked as it will have to be, and nothing is left of it; or another
            sweep has made the folder meanwhile.
    """
    plan = _with_folder(plan)
    folder = plan.settings.folder
    try:
        with exclusive_lock(folder, f"sweep {folder.name}"):
            write_json(folder / contract.ENVIRONMENT_FILE, provenance(plan.settings.run_kind.packages))
            write_warm_start(folder, plan.warm)
            write_settings(plan, [])
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return plan


def _with_folder(plan: Plan) -> Plan:
    names = [plan.settings.name, *([plan.origin.wandb_group] if plan.is_unnamed else [])]
    for settings in (dataclasses.replace(plan.settings, name=name) for name in names):
        if make_folder(settings.folder, f"--storage_path {settings.folder.parent}"):
            return dataclasses.replace(plan, settings=settings)
    raise exists_already(plan.settings)


def write_settings(plan: Plan, changes_in_words: list[str]) -> None:
    """Write what the sweep is; the changes that a resume makes join its history.

    What is searched is no setting of the sweep: each trial has its own value, also one that ran before.
    """
    settings, kind = plan.settings, plan.settings.run_kind
    train, evaluate, run_settings = kind.train_script, kind.evaluate_script, settings.run_settings
    fixed, of_data = to_flat(settings).keys() - plan.space.keys(), names_with(Role.DATA, type(run_settings))
    training = [*as_arguments(run_settings, fixed), *as_arguments(settings, ["precision"])]
    data = {
        "objective": kind.objective,
        "run_name": kind.run_name,
        **dataclasses.asdict(plan.description),
        **{name: value for name, value in plan.recorded_data.items() if value},
        contract.TRAIN_COMMAND: ["python", train, *training] if train else [],
        contract.EVALUATE_COMMAND: ["python", evaluate, *as_arguments(run_settings, of_data)] if evaluate else [],
        "metrics": [dataclasses.asdict(metric) for metric in (*kind.metrics, *plan.description.metrics)],
        "trade_off": kind.trade_off,
        "figures": [dataclasses.asdict(figure) for figure in kind.figures],
        "wandb_project": kind.wandb_project,
        "roles": roles_by_name(settings),
    }
    for number, hyperparameters in plan.params.items():
        write_params(settings.folder / contract.trial_folder_name(number), hyperparameters)
    environment = read_json(settings.folder / contract.ENVIRONMENT_FILE)
    environment = {name: value for name, value in environment.items() if not name.startswith(SOURCES)}
    write_json(settings.folder / contract.ENVIRONMENT_FILE, environment | sources(settings.run, settings.sampler))
    write_json(settings.folder / contract.DATA_FILE, data)
    write_space(settings.folder, plan.space, plan.searched.seen_in_draws)
    write_prior(settings.folder, plan.searched.prior)
    file = settings.folder / contract.SWEEP_FILE
    history = read_settings(file).get("history", []) if file.exists() else []
    if changes_in_words:
        history.append({"when": f"{datetime.datetime.now():%Y-%m-%d %H:%M:%S}", "changes": changes_in_words})
    of_sweep = {name: value for name, value in to_flat(settings).items() if name in fixed}
    content = {**of_sweep, "format": FORMAT, **dataclasses.asdict(plan.origin)}
    if history:
        content["history"] = history
    write_sweep_file(settings.folder, content)  # last: from here on it can be resumed
