"""Records of older sweeps as today's code reads them: what has changed since is written here and nowhere else.

Format 5 (`format: 5` in sweep.yaml): trainings computed in 32 bits, and nothing said so.
Format 4: no trial was paused, replicated or drawn from a prior, and where a proposal came
from was not recorded. Trials were ranked by one metric, which sweep.yaml holds as it is
called, under no constraint.
Format 3: data.json holds what each baseline achieves under latency budgets, a trial's
newest checkpoint (in best_policy.json) what its best epoch does, and nothing says anything of metrics, charts and a
project at W&B, which were one kind of run's. A sweep has a random identity, and a group at W&B that is its own.
sweep.yaml has no value of what is searched: each trial has its own. The settings that say where data lies have that
role, and data.json holds what trainings see (`inputs`).
Format 2: its name and the second in which it began were its identity, and its name its group at W&B. data.json holds
the roles of each setting, search_space.json Optuna's JSON of each distribution. Early ones list a baseline that could
not be computed, as NaN.
Format 1 (no `format`): no roles, and a space in words of its own. The earliest of these sweeps lack search_space.json,
environment.json, some of data.json and two settings.

Reading changes nothing on disk. A resume writes the present format file by file, so one that was killed may have left
some of both: every part is recognised by itself.
"""

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from results.record.origin import BESIDE_SETTINGS
from trainable.contract import SettingError, UserError
from trainable.ranking import written_names
from trainable.score_parts import Details

FORMAT = 6

Content = dict[str, Any]

SHAPED_NO_TRAINING = {
    "name", "storage_path", "num_samples", "seed", "search_space", "metric", "mode", "scheduler", "grace_period",
    "reduction_factor", "confirm", "confirm_top", "confirm_seeds", "max_concurrent_trials", "cpus_per_trial",
    "gpus_per_trial", "address", "wandb_mode", "wandb_project", "wandb_entity", "upload_checkpoints",
}  # fmt: skip
"""Settings of format 1 that were the sweep's alone: trials are not told apart by them. All others have the one role
that is read of a finished sweep, and a resume gives each its own."""

DATA_OF_THE_EARLIEST = {
    "objective": "", "summary": "", "fingerprint": "", "baselines": [], "run_name": "{name}-{created}",
    "train_command": [], "evaluate_command": [],
}  # fmt: skip
"""What stands for the parts of data.json that they lack; one that was killed as it began lacks the file."""

UP_TO_FORMAT_3 = {
    "metrics": [
        {"name": "Val/In_Budget_Accuracy", "title": "in-budget accuracy", "direction": "max"},
        {"name": "Val/Budget_Violation_Rate", "title": "budget violation rate", "direction": "min"},
    ],
    "trade_off": "Val/Budget_Violation_Rate",
    "figures": [
        {
            "name": "frontier",
            "title": "Accuracy and latency",
            "x_title": "mean latency (ms)",
            "y_title": "accuracy of all answers",
            "point_title": "budget",
            "reading": "Each dot is one latency budget, at the mean time its answers took and how many of them were "
            "right; up and to the left is better.",
        },
        {
            "name": "budgets",
            "title": "Right and in time, budget by budget",
            "x_title": "latency budget (ms)",
            "y_title": "accuracy of the answers in time",
            "reading": "The score is the mean of these points: an answer that comes too late counts as wrong.",
        },
    ],
    "wandb_project": "molmo-controller",
}
"""What the code had for whatever ran, and data.json has since. It shows where a run has reported what it speaks of."""

UP_TO_FORMAT_4: Content = {"replicate": 0, "replicate_seeds": 1, "prior_trials": 0}
"""Settings that there are since, as the code then was."""

UP_TO_FORMAT_5: Content = {"precision": "fp32"}
"""Likewise; it shapes the training."""

BEST_POLICY_FILE = "best_policy.json"
"""In each checkpoint, up to format 3: what the best epoch so far achieved, and which it was."""

SAYING_WHERE_DATA_LIES = ("results_dir", "dataset_names", "model_path")
"""Settings of the joint controller that had the role of shaping the training up to format 2."""

DISTRIBUTIONS = {"float": "FloatDistribution", "int": "IntDistribution", "categorical": "CategoricalDistribution"}


class _BudgetPoint(BaseModel):
    budget_ms: float
    in_budget_accuracy: float
    accuracy: float
    latency_ms: float


class _BaselineUpToFormat3(BaseModel):
    under_budgets: list[_BudgetPoint] = []


class DataUpToFormat3(BaseModel):
    """What data.json held that no later one does, as `required` checks the rest."""

    baselines: list[_BaselineUpToFormat3] = []


def shows_what_is_searched(content: Mapping[str, Any]) -> bool:
    """Whether it is a sweep.yaml that shows each hyperparameter, the searched ones at the value of no trial.

    As a new sweep's --config, what it shows at its default is then as good as not given.

    Args:
        content: of a YAML file, typed or as text.

    Raises:
        SettingError: its format is no number.
    """
    recorded_format = str(content.get("format", 1))
    if not recorded_format.isdecimal():
        raise SettingError("format", f" is {recorded_format!r}; it must be a whole number")
    return "created" in content and int(recorded_format) < 3


def refuse_newer(settings: Content) -> None:
    """Of a format to come nothing is known, also not what its files must hold.

    Raises:
        UserError: sweep.yaml is of one.
    """
    recorded_format = settings.get("format", 1)
    if isinstance(recorded_format, int) and recorded_format > FORMAT:
        raise UserError(
            f"sweep {settings.get('name')}: its record is of format {recorded_format} and this version reads up to "
            f"{FORMAT}; use the version that made it, or a newer one"
        )


def upgraded(settings: Content, data: Content, space: Content) -> tuple[Content, Content, Content]:
    """What sweep.yaml (without its format), data.json and search_space.json would hold in the present format.

    Args:
        settings, data, space: what they hold; {} for a file that is not there. Of the first two, what is there is what
            `required` says; what is missing here that no version lacked stays so.
    """
    settings = dict(settings)
    recorded_format = settings.pop("format", 1)
    if recorded_format < 4:
        known = [one for one in data.get("baselines", ()) if not math.isnan(one["value"])]
        data = UP_TO_FORMAT_3 | data | ({"baselines": [_baseline(one) for one in known]} if "baselines" in data else {})
    if recorded_format < 3:
        # As its name was when it was last written down: its runs keep their ids when the folder gets another name.
        name, created = settings.get("name"), settings.get("created")
        of_then = {"identity": f"{name}/{created}", "wandb_group": name}
        settings = of_then | settings
    if recorded_format == 1:
        settings, data, space = _upgraded_from_1(settings, data, space)
    if recorded_format < 3 and "roles" in data:
        of_data = {name: ["data"] for name in SAYING_WHERE_DATA_LIES if name in settings}
        data = data | {"roles": data["roles"] | of_data}
    if recorded_format < 5:
        settings = UP_TO_FORMAT_4 | settings
    if recorded_format < 6:
        settings = UP_TO_FORMAT_5 | settings
        if "roles" in data:
            data = data | {"roles": {"precision": ["training"]} | data["roles"]}
    if recorded_format < 5 and "constraint" not in settings:
        settings["constraint"] = []
        if "metric" in settings:
            settings["metric"] = written_names([settings["metric"]])
    return settings, data, space


def _baseline(recorded: Content) -> Content:
    points = recorded.get("under_budgets")
    kept = {name: value for name, value in recorded.items() if name != "under_budgets"}
    return {"parts": None, "curves": _curves(points) if points else {}} | kept


def _curves(under_budgets: Sequence[Content]) -> dict[str, Content]:
    by_latency = sorted(under_budgets, key=lambda point: (point["latency_ms"], point["accuracy"]))
    by_budget = sorted(under_budgets, key=lambda point: point["budget_ms"])
    return {
        "frontier": {
            "x": [point["latency_ms"] for point in by_latency],
            "y": [point["accuracy"] for point in by_latency],
            "points": [f"{point['budget_ms']:.3g} ms" for point in by_latency],
        },
        "budgets": {
            "x": [point["budget_ms"] for point in by_budget],
            "y": [point["in_budget_accuracy"] for point in by_budget],
        },
    }


def details_of_format_3(checkpoint: Path, epoch: int) -> Details | None:
    """What a checkpoint tells of the best epoch until then; None where it tells nothing, or of another epoch."""
    try:
        content = json.loads((checkpoint / BEST_POLICY_FILE).read_text(encoding="utf-8"))
        if content["epoch"] != epoch:
            return None
        of_then = {"parts": content["parts"], "curves": _curves(content["under_budgets"])}
        return TypeAdapter(Details).validate_python(of_then)
    except (FileNotFoundError, ValueError, KeyError, TypeError):  # none, or torn
        return None


def _upgraded_from_1(settings: Content, data: Content, space: Content) -> tuple[Content, Content, Content]:
    settings = {"confirm": "", "upload_checkpoints": "none"} | settings
    names = [name for name in settings if name not in BESIDE_SETTINGS]
    data = {
        "roles": {name: [] if name in SHAPED_NO_TRAINING else ["training"] for name in names},
        **DATA_OF_THE_EARLIEST,
        **data,
    }
    return settings, data, {name: _distribution(described) for name, described in space.items()}


def _distribution(described: Content) -> Content:
    """Optuna's JSON of a distribution, from format 1's {"kind", "low", "high", "log", "step", "choices"}."""
    if not isinstance(described, dict) or str(described.get("kind")) not in DISTRIBUTIONS:
        return described
    kept = ("choices",) if described["kind"] == "categorical" else ("low", "high", "log", "step")
    attributes = {name: described[name] for name in kept if name in described}
    return {"name": DISTRIBUTIONS[described["kind"]], "attributes": attributes}
