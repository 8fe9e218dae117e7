"""The families that are known, by the `model_type` in a checkpoint's config.json."""

from trainable.vision_language_model.families.family import Family
from trainable.vision_language_model.families.llava import LLAVA

FAMILIES: dict[str, Family] = {"llava": LLAVA}
