"""Records of older sweeps, as today's code reads them: what has changed since is written here and nowhere else.

Format 2 (`format: 2` in sweep.yaml):
    data.json holds the roles of every setting, as the settings' own fields declare them;
    search_space.json holds Optuna's JSON of each distribution.
Format 1 (no `format`): a space in words of its own and no roles. Its earliest sweeps also lack search_space.json,
environment.json, the commands and the run's name in data.json, what baselines achieve in detail, and two settings.

Reading changes nothing on disk. A resume writes the files of the present format, one after the other, so an
interrupted one may have left some of each: every part is recognised by itself.
"""

from typing import Any

from trainable.contract import UserError

FORMAT = 2

Content = dict[str, Any]

_ROLES_OF_FORMAT_1 = {
    "changeable": {
        "storage_path", "num_samples", "search_space", "max_concurrent_trials", "cpus_per_trial", "gpus_per_trial",
        "address", "wandb_mode", "wandb_project", "wandb_entity", "upload_checkpoints",
    },
    "search": {"num_samples", "scheduler", "grace_period", "reduction_factor"},
    "confirm": {"name", "num_epochs", "seed", "confirm", "confirm_top", "confirm_seeds"},
}  # fmt: skip
_SHAPED_NO_TRAINING = set().union(*_ROLES_OF_FORMAT_1.values()) - {"num_epochs"} | {"metric", "mode"}

_DISTRIBUTIONS_OF_FORMAT_1 = {
    "float": "FloatDistribution",
    "int": "IntDistribution",
    "categorical": "CategoricalDistribution",
}


def upgraded(settings: Content, data: Content, space: Content) -> tuple[Content, Content, Content]:
    """What sweep.yaml, data.json and search_space.json hold, in the present format; {} stands for a missing file.

    Raises:
        UserError: they are of a newer format.
    """
    recorded_format = settings.get("format", 1)
    if recorded_format > FORMAT:
        raise UserError(
            f"sweep {settings.get('name')}: its record is of format {recorded_format} and this version reads up to "
            f"{FORMAT}; use the version of GRPO Sweep that made it, or a newer one"
        )
    if recorded_format == FORMAT:
        return settings, data, space
    settings = {"confirm": "", "upload_checkpoints": "none"} | settings
    data = {
        "roles": {name: _roles(name) for name in settings if name not in ("created", "history")},
        "run_name": "{name}-{created}",
        "train_command": [],
        "evaluate_command": [],
        **data,
        "baselines": [{"under_budgets": [], "parts": None} | baseline for baseline in data.get("baselines", [])],
    }
    return settings, data, {name: _distribution(described) for name, described in space.items()}


def _roles(name: str) -> list[str]:
    """Of a setting of format 1: what the code of that time listed; all others shaped the training."""
    roles = [role for role, names in _ROLES_OF_FORMAT_1.items() if name in names]
    return roles if name in _SHAPED_NO_TRAINING else ["training", *roles]


def _distribution(described: Content) -> Content:
    """Optuna's JSON of a distribution, from format 1's {"kind", "low", "high", "log", "step", "choices"}."""
    if "kind" not in described:
        return described
    kept = ("choices",) if described["kind"] == "categorical" else ("low", "high", "log", "step")
    attributes = {name: described[name] for name in kept}
    return {"name": _DISTRIBUTIONS_OF_FORMAT_1[described["kind"]], "attributes": attributes}
