"""A checkpoint of a known family from its folder, ready to be turned."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import safetensors
import torch
import transformers

from trainable.contract import UserError
from trainable.profiles.language_features import unusable_checkpoint
from trainable.vision_language_model.blocks import Blocks, obstacle
from trainable.vision_language_model.families.choose import FAMILIES, REFUSED
from trainable.vision_language_model.families.family import Family
from trainable.vision_language_model.knob_values import (
    KnobLimits,
    Wishes,
    knob_grid,
    read_wishes,
    tier_numbers,
    wanted_tiers,
)
from trainable.vision_language_model.model import VisionLanguageModel
from trainable.vision_language_model.routers import most_experts, routers_of, top_k_of

FAMILIES_PLACE = "trainable/vision_language_model/families/"

_LOADING_ERRORS = (
    OSError, ValueError, KeyError, ImportError, AttributeError, TypeError, RuntimeError, safetensors.SafetensorError,
)  # fmt: skip
"""What transformers raises of a checkpoint that it cannot read."""


def load_model(
    path: str,
    device: str = "cpu",
    *,
    trust_remote_code: bool = False,
    dtype: str = "auto",
    top_k: Sequence[int] | None = None,
    num_active_blocks: Sequence[int] | None = None,
    tiers: Sequence[str] | None = None,
) -> VisionLanguageModel:
    """A vision-language model from its folder, on a device, for inference.

    Args:
        dtype: of its numbers, a name of torch's; `auto` takes the checkpoint's.
        top_k, num_active_blocks, tiers: the values that its knobs can have, where the checkpoint's knobs.json or the
            rule does not decide (knob_values.py).

    Raises:
        UserError: no such folder, no vision-language model in it, one of an unknown family, no processor, a value that
            a knob cannot have, or no room on the device.
    """
    transformers.logging.disable_progress_bar()
    transformers.logging.set_verbosity_error()
    folder = Path(path)
    family = _family(folder, trust_remote_code)
    processor = _processor(family, folder, trust_remote_code)
    network = _network(family, folder, device, trust_remote_code, dtype)
    owner, name = family.text_blocks(network)
    blocks = Blocks(owner, name, family.fixed_blocks(network))
    routers = routers_of(blocks.all)
    notes = []
    if reason := obstacle(network.config.get_text_config()):
        notes.append(f"no block can be left out: {reason}")
    limits = KnobLimits(
        tiers=family.tiers(network, processor),
        top_k=top_k_of(routers) if routers else 1,
        most_experts=most_experts(routers) if routers else 1,
        num_blocks=len(blocks.all),
        num_fixed_blocks=len(blocks.all) if reason else len(blocks.fixed),
    )
    wishes = read_wishes(folder)
    numbers = tier_numbers(limits, wishes)
    user = Wishes(top_k=top_k, num_active_blocks=num_active_blocks)
    grid = knob_grid(path, limits, wanted_tiers(path, numbers, tiers), wishes, user)
    return VisionLanguageModel(path, family, network, processor, grid, numbers, blocks, tuple(notes))


def _family(folder: Path, trust_remote_code: bool) -> Family:
    if not folder.is_dir():
        raise UserError(f"--model_path {folder}: there is no such folder; say where the checkpoint lies")
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        model_type = config["model_type"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError(
            f"--model_path {folder}: its config.json names no model_type ({type(error).__name__}); give a folder that "
            "transformers has saved"
        ) from None
    if model_type in REFUSED:
        raise UserError(
            f"--model_path {folder}: of {model_type} there is nothing to turn: {REFUSED[model_type]}; take a model of "
            "another family"
        )
    if model_type not in FAMILIES:
        sees = any("vision" in key or "visual" in key for key in config)
        what = f"its family, {model_type}, is not known" if sees else f"{model_type} is no vision-language model"
        raise UserError(
            f"--model_path {folder}: {what}; known are {', '.join(FAMILIES)}, and one more is a module in "
            f"{FAMILIES_PLACE}"
        )
    return FAMILIES[model_type]


def _processor(family: Family, folder: Path, trust_remote_code: bool) -> Any:
    try:
        processor = family.load_processor(str(folder), trust_remote_code)
    except _LOADING_ERRORS as error:
        raise unusable_checkpoint(str(folder), "processor", error) from None
    if not isinstance(processor, transformers.ProcessorMixin):  # of a folder that has a tokenizer alone, say
        raise UserError(
            f"--model_path {folder}: there is no processor in it; save the model's own there with save_pretrained"
        )
    return processor


def _network(family: Family, folder: Path, device: str, trust_remote_code: bool, dtype: str) -> Any:
    arguments: dict[str, Any] = {"dtype": dtype, "trust_remote_code": trust_remote_code}
    if device == "cpu":
        arguments["experts_implementation"] = "eager"
    try:
        network = family.load_network(str(folder), **arguments).eval()
    except _LOADING_ERRORS as error:
        raise unusable_checkpoint(str(folder), "model", error) from None
    try:
        return network.to(device)
    except torch.OutOfMemoryError:
        raise UserError(
            f"--model_path {folder}: there is no room for it on {device}; free the device, or take another"
        ) from None
    except (AssertionError, RuntimeError) as error:  # torch has no single error for a device that it lacks
        cause = " ".join(str(error).split())[:200]
        raise UserError(f"--device {device}: it cannot be used ({cause}); take another") from None
