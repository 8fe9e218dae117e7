"""TRL's GRPOConfig: what the sweep's settings say of it, and whatever else of it users give as `--trl KEY=VALUE`."""

import argparse
import dataclasses
import difflib
import json
import typing
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainable.contract import BF16, FP32, SettingError, UserError
from trainable.language_model.settings import LanguageModelSettings, as_pairs

if TYPE_CHECKING:
    from trl import GRPOConfig

    from trainable.language_model.task import Task

_SCHEDULERS = {"constant": "constant_with_warmup"}  # TRL's "constant" has no warm-up
_JUDGED_TOGETHER = 64
"""Prompts of a batch in validation, where --trl per_device_eval_batch_size says nothing else."""


def given_config(settings: LanguageModelSettings) -> dict[str, Any]:
    """What --trl says, typed as GRPOConfig types it.

    Raises:
        SettingError: a key or a value of no use.
    """
    return {key: _typed(key, value) for key, value in as_pairs("trl", settings.trl).items()}


def _typed(key: str, value: str) -> Any:
    if key not in _fields():
        close = difflib.get_close_matches(key, _fields(), n=1)
        hint = f"did you mean {close[0]}?" if close else "its documentation lists what it has"
        raise SettingError("trl", f" {key}={value}: TRL's GRPOConfig has no {key}; {hint}")
    if any(member is dict or typing.get_origin(member) is dict for member in typing.get_args(_fields()[key])):
        return _mapping(key, value)
    try:
        parsed, _ = _parser().parse_known_args([f"--{key}={value}"])
    except (argparse.ArgumentError, argparse.ArgumentTypeError, ValueError) as error:
        why = str(error).partition(": ")[2] or error
        raise SettingError("trl", f" {key}={value}: {' '.join(str(why).split())}") from None
    return getattr(parsed, key)


def _weights(settings: LanguageModelSettings, task: "Task") -> list[float]:
    """Of the task's rewards in their order, and of going over the token budgets."""
    first, *others = task.weights.values()
    return [first, *(weight * settings.shaping_weight for weight in others), -settings.budget_penalty]


@cache
def _parser() -> argparse.ArgumentParser:
    from transformers import HfArgumentParser
    from trl import GRPOConfig

    return HfArgumentParser([GRPOConfig], exit_on_error=False, allow_abbrev=False)


@cache
def _fields() -> dict[str, Any]:
    """GRPOConfig's fields by name, each with its type: the hint, since HfArgumentParser alters what the fields hold."""
    from trl import GRPOConfig

    hints = typing.get_type_hints(GRPOConfig)
    return {field.name: hints[field.name] for field in dataclasses.fields(GRPOConfig)}


def _mapping(key: str, value: str) -> dict[str, Any]:
    try:
        mapping = json.loads(value)
    except ValueError:
        mapping = None
    if not isinstance(mapping, dict):
        raise SettingError("trl", f" {key}={value}: it must be an object in JSON, such as {key}='{{\"name\": 1}}'")
    return mapping


@dataclasses.dataclass(frozen=True)
class Batches:
    """How an epoch's optimizer steps are cut into what TRL generates together and what it computes together."""

    per_device: int
    """Completions of one forward and backward pass."""
    prompts: int
    """Of completions that are generated together."""
    repeats: int
    """How often such a batch is asked for: once for each pass that it is cut into, in each of its iterations."""
    in_epoch: int

    @classmethod
    def of(cls, settings: LanguageModelSettings, given: Mapping[str, Any]) -> "Batches":
        """
        Raises:
            UserError: they do not come out even.
        """
        passes = given.get("gradient_accumulation_steps", 1)
        together = given.get("steps_per_generation") or passes
        iterations = given.get("num_iterations", 1)
        for name, value in (("gradient_accumulation_steps", passes), ("steps_per_generation", together),
                            ("num_iterations", iterations)):  # fmt: skip
            if value < 1:
                raise SettingError("trl", f" {name}={value}: it must be at least 1")
        completions = settings.prompts_per_step * settings.num_generations
        per_device = completions // passes
        if completions % passes:
            raise UserError(
                f"{completions} completions of a step (prompts_per_step {settings.prompts_per_step} x num_generations "
                f"{settings.num_generations}) cannot be cut into gradient_accumulation_steps={passes} equal passes; "
                "change one of the three"
            )
        if per_device * together % settings.num_generations:
            raise UserError(
                f"{per_device * together} completions that are generated together (steps_per_generation={together} "
                f"passes of {per_device}) do not hold whole groups of num_generations {settings.num_generations}; "
                "change one of the three"
            )
        if settings.steps_per_epoch * passes % (together * iterations):
            raise UserError(
                f"an epoch of steps_per_epoch {settings.steps_per_epoch} x {passes} passes would end within a batch "
                f"that is used {together * iterations} times (steps_per_generation={together} x num_iterations="
                f"{iterations}); make it a multiple"
            )
        return cls(
            per_device,
            per_device * together // settings.num_generations,
            together * iterations,
            settings.steps_per_epoch * passes // (together * iterations),
        )


def grpo_config(
    settings: LanguageModelSettings,
    task: "Task | None" = None,
    *,
    seed: int,
    num_epochs: int,
    device: str,
    folder: Path,
    precision: str = FP32,
) -> "GRPOConfig":
    """The whole of it.

    Args:
        precision: one of contract.PRECISIONS; of tf32 torch knows already.
        task: none while settings alone are checked.
        folder: for what TRL writes, though it is told to write nothing.

    Raises:
        UserError: TRL refuses it.
    """
    from trl import GRPOConfig

    given = given_config(settings)
    batches = Batches.of(settings, given)
    on_gpu = device != "cpu"
    defaults = {
        # Memory is what a GPU lacks, and time what a CPU does.
        "activation_checkpointing": given.get("gradient_checkpointing", on_gpu),
        "dataloader_pin_memory": on_gpu,
        "per_device_eval_batch_size": _JUDGED_TOGETHER,
        "warmup_steps": settings.warmup_steps,
    }
    # Logits that are no numbers give no sample, which torch reports as an error of the device; a loss that is none
    # ends the trial as diverged.
    generation = {"remove_invalid_values": True, **given.get("generation_kwargs", {})}
    ours = {
        "output_dir": str(folder),
        "learning_rate": settings.lr,
        "lr_scheduler_type": _SCHEDULERS.get(settings.lr_scheduler, settings.lr_scheduler),
        "num_generations": settings.num_generations,
        "beta": settings.beta,
        "epsilon": settings.epsilon,
        "temperature": settings.temperature,
        "loss_type": settings.loss_type,
        "per_device_train_batch_size": batches.per_device,
        "max_steps": settings.steps_per_epoch * num_epochs,
        "reward_weights": _weights(settings, task) if task else None,
        "max_completion_length": task.max_completion_length if task else None,
        "generation_kwargs": generation,
        "seed": seed,
        "data_seed": seed,
        "use_cpu": not on_gpu,
        "bf16": precision == BF16,
        "logging_strategy": "steps",
        "logging_steps": settings.steps_per_epoch,
        "logging_nan_inf_filter": False,
        "save_strategy": "no",
        "eval_strategy": "no",
        "report_to": "none",
        "disable_tqdm": True,
    }
    try:
        return GRPOConfig(**{**defaults, **given, **ours})
    except (ValueError, TypeError, ImportError, NotImplementedError) as error:
        said = " ".join(str(error).split())
        raise UserError(f"TRL refuses these settings: {said}; change --trl or what else it names") from error
