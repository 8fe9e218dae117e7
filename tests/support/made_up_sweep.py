"""Writes the record of a sweep that never ran: for what a real one would rarely show, and for large ones."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from results.record.upgrade import FORMAT
from trainable.ranking import read_names

METRIC = "Val/In_Budget_Accuracy"
SWEEP_SETTINGS = {
    "run": "joint_controller",
    "num_samples": 16,
    "num_epochs": 3,
    "seed": 0,
    "search_space": "joint_controller",
    "metric": METRIC,
    "mode": "max",
    "scheduler": "asha",
    "recipe": "default",
    "wandb_project": None,
    "wandb_entity": None,
    "created": "20260101-120000",
}
DATA = {
    "objective": METRIC,
    "summary": "made-up: 100 samples x 4 configurations",
    "fingerprint": "made-up",
    "baselines": [
        {"name": "random", "value": 0.35, "low": 0.32, "high": 0.38},
        {"name": "best fixed", "value": 0.55, "low": 0.52, "high": 0.58},
        {"name": "lookup table", "value": 0.58, "low": 0.54, "high": 0.62},
        {"name": "oracle", "value": 0.84, "low": 0.8, "high": 0.88},
    ],
}


OF_A_NEW_SWEEP = {
    "format": FORMAT, "identity": "0123456789ab", "wandb_group": "mine-012345", "confirm": "",
    "constraint": [], "upload_checkpoints": "none", "cpus_per_trial": 1.0,
    "history": [{"when": "today", "changes": ["seed: 0 -> 1"]}],
    "replicate": 3, "replicate_seeds": 1,
}  # fmt: skip
DATA_OF_A_NEW_SWEEP = {
    **DATA,
    "metrics": [{"name": METRIC, "title": "", "direction": "max", "group": ""}], "trade_off": "", "figures": [],
    "wandb_project": "mine",
    "baselines": [{**baseline, "parts": None, "curves": {}} for baseline in DATA["baselines"]],
    "inputs": "", "run_name": "{created}", "train_command": [], "evaluate_command": [],
    "roles": {"recipe": ["training"]},
}  # fmt: skip
"""What the present format has besides the above, which is what every format has."""


@dataclass(frozen=True)
class MadeUpTrial:
    """One trial's hyperparameters and its objective epoch by epoch."""

    config: Mapping[str, Any]
    scores: Sequence[float] = ()
    ended: bool = True
    """Whether its last row says that nothing follows."""
    failure: str | None = None
    """A kind of failure; it happens in the epoch after the last row."""
    columns: Mapping[str, Any] = field(default_factory=dict)
    """More columns of every row."""


def write_sweep(folder: Path, trials: Sequence[MadeUpTrial], data: Mapping[str, Any] = DATA, **settings: Any) -> Path:
    """A sweep's folder; `settings` replace or join those of sweep.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    content = {"name": folder.name, "storage_path": str(folder.parent), **SWEEP_SETTINGS, **settings}
    (folder / "sweep.yaml").write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    (folder / "data.json").write_text(json.dumps(data), encoding="utf-8")
    metric = read_names(content["metric"])[0] if "constraint" in content else content["metric"]
    for number, trial in enumerate(trials):
        write_trial(folder / f"trial_{number:05d}", trial, metric)
    return folder


def write_trial(folder: Path, trial: MadeUpTrial, metric: str = METRIC) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "params.json").write_text(json.dumps(trial.config), encoding="utf-8")
    rows = [
        {
            "training_iteration": epoch,
            metric: score,
            **trial.columns,
            "done": trial.ended and epoch == len(trial.scores),
            "timestamp": 1767268800 + 2 * epoch,
            "time_total_s": 2.0 * epoch,
            "config": trial.config,
            "arrival": epoch - 1,
        }
        for epoch, score in enumerate(trial.scores, start=1)
    ]
    if rows:
        (folder / "result.json").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    if trial.failure:
        failure = {"kind": trial.failure, "epoch": len(rows) + 1, "cause": "ValueError: made up", "traceback": ""}
        (folder / "failure.json").write_text(json.dumps(failure), encoding="utf-8")
