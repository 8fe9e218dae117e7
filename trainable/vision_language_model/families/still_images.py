"""A family's processor for still images alone.

transformers' processors of these families (5.24) read videos too, and their video part wants torchvision whether or not
a video ever comes. `get_attributes` is what its ProcessorMixin asks for the parts of a processor: a class that leaves
the video part out there loads, prepares images and text, and saves as the family's own does.
"""

from typing import Any

from trainable.vision_language_model.families import native


def still_images(processor_class: type[Any]) -> type[Any]:
    """The processor class without its video part; its `from_pretrained` and its constructor are the family's."""
    parts = [part for part in processor_class.get_attributes() if part != "video_processor"]
    # The class keeps its name: a saved processor names the class that loads it.
    return type(processor_class.__name__, (processor_class,), {"get_attributes": classmethod(lambda cls: list(parts))})


def load_still_images(processor_class: type[Any], path: str) -> Any:
    """A checkpoint's processor of this class, without its video part."""
    processor = still_images(processor_class).from_pretrained(path)
    processor.image_processor = native.image_processor(path)
    return processor
