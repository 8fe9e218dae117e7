"""The families that are known, by the `model_type` in a checkpoint's config.json."""

from trainable.vision_language_model.families.family import Family
from trainable.vision_language_model.families.glm4v_moe import GLM4V_MOE
from trainable.vision_language_model.families.llava import LLAVA
from trainable.vision_language_model.families.llava_onevision import LLAVA_ONEVISION
from trainable.vision_language_model.families.molmoe import MOLMOE
from trainable.vision_language_model.families.qwen3_vl_moe import QWEN3_VL_MOE

FAMILIES: dict[str, Family] = {
    "glm4v_moe": GLM4V_MOE,
    "llava": LLAVA,
    "llava_onevision": LLAVA_ONEVISION,
    "molmo": MOLMOE,
    "qwen3_vl_moe": QWEN3_VL_MOE,
}

REFUSED = {
    "llama4": "it runs every expert on every token, so a smaller top-k saves nothing, and its blocks differ in their "
    "attention, so none can be left out",
}
"""Families of which there is nothing to turn, each with the reason."""
