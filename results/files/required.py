"""What the files of a sweep must hold for whoever reads them: checked as they are read, since people edit them."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, Field, NonNegativeInt, PositiveInt, TypeAdapter, ValidationError

from trainable.contract import UserError
from trainable.score_parts import Baseline, Figure, Metric


class Change(BaseModel):
    """A line of its history: what a resume has changed."""

    when: str
    changes: list[str]


class Settings(BaseModel):
    """Of sweep.yaml what is read of any sweep. A resume checks all its settings as if they were given to it."""

    name: str = Field(min_length=1)
    storage_path: str = Field(min_length=1)
    run: str = Field(min_length=1)
    num_samples: PositiveInt
    num_epochs: PositiveInt
    seed: NonNegativeInt
    metric: str = Field(min_length=1)
    mode: str = Field(min_length=1)
    constraint: list[str]
    replicate: NonNegativeInt
    replicate_seeds: PositiveInt
    confirm: str
    cpus_per_trial: float = 1.0
    wandb_project: str | None
    wandb_entity: str | None
    upload_checkpoints: str
    format: PositiveInt = 1
    created: str = Field(min_length=1)
    identity: str = Field(min_length=1)
    wandb_group: str = Field(min_length=1)
    history: list[Change] = []


class Data(BaseModel):
    """Of data.json."""

    objective: str
    metrics: list[Metric]
    trade_off: str
    figures: list[Figure]
    wandb_project: str = Field(min_length=1)
    summary: str
    fingerprint: str
    inputs: str = ""
    baselines: list[Baseline]
    run_name: str
    train_command: list[str]
    evaluate_command: list[str]
    roles: dict[str, list[str]]


class Params(BaseModel):
    """Of a trial's params.json, where what else there is, is its kind of run's."""

    seed: NonNegativeInt = 0


class Proposed(BaseModel):
    """Of proposed.json."""

    trials: NonNegativeInt = 0
    replicates: list[NonNegativeInt] = []


def require(file: Path, content: dict[str, Any], model: type, *, may_lack_some: bool = False) -> None:
    """Refuse what cannot be read as the model says.

    Args:
        may_lack_some: what is missing is no mistake yet: a record of an older version.

    Raises:
        UserError: it names the file, the first such line, and what it should be.
    """
    text = json.dumps(content, default=lambda value: [str(value)])  # a date, which YAML has and no setting is
    try:
        _adapter(model).validate_json(text, strict=True)
    except ValidationError as error:
        for problem in error.errors(include_url=False):
            place = ".".join(map(str, problem["loc"]))
            if problem["type"] != "missing":
                wanted = problem["msg"][0].lower() + problem["msg"][1:]
                raise _mistaken(file, f"{place} is {problem['input']!r:.60}: {wanted}") from None
            if not may_lack_some or len(problem["loc"]) > 1:
                raise _mistaken(file, f"{place} is missing") from None


@cache
def _adapter(model: type) -> TypeAdapter[Any]:
    return TypeAdapter(model)


def _mistaken(file: Path, what: str) -> UserError:
    return UserError(f"{file}: {what}; correct that, or restore the file")
