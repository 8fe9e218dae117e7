"""Writes small profile directories, as the measuring scripts leave them, for tests of what reads or trains on one."""

import gzip
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from trainable.profiles.image_split import TEST, TRAIN, VALIDATION, split_of_image

Configuration = tuple[str, int, int]
"""tier, top_k, num_active_blocks"""

CONFIGURATIONS: tuple[Configuration, ...] = tuple(
    (tier, top_k, blocks) for tier in ("low", "high") for top_k in (1, 4) for blocks in (4, 16)
)
CROPS = {"low": 1, "medium": 2, "high": 4}


def images_of(split: int, count: int) -> list[int]:
    """The first image ids, counted from 0, that the hash puts into a split."""
    images = (image for image in range(10_000) if split_of_image(image) == split)
    return [image for image, _ in zip(images, range(count), strict=False)]


IMAGES = (*images_of(TRAIN, 12), *images_of(VALIDATION, 6), *images_of(TEST, 6))


def measure_plausibly(image: int, configuration: Configuration) -> tuple[float, float]:
    """Accuracy and latency (ms) where even images need a high tier and odd ones many blocks."""
    tier, top_k, blocks = configuration
    solved = tier == "high" if image % 2 == 0 else blocks == 16
    return float(solved), 2.0 * CROPS[tier] + top_k + 0.5 * blocks + 0.01 * (image % 7)


def record(image: object, accuracy: float = 1.0, latency_ms: float = 10.0, **fields: Any) -> dict[str, Any]:
    """One entry of `per_sample_results`; `fields` replace what would be there."""
    parity = "even" if isinstance(image, int) and image % 2 == 0 else "odd"
    metadata = {"image_id": image, "question_id": f"q{image}", "question": f"what is {parity} here?", "answer": "8"}
    return {"metadata": metadata, "accuracy": accuracy, "T_total": latency_ms} | fields


def write_file(
    results_dir: Path,
    configuration: Configuration,
    records: list[dict[str, Any]],
    dataset: str = "toy_vqa",
    ending: str = ".json",
    **fields: Any,
) -> Path:
    """One configuration's file; `fields` replace or add to its top level, None leaves a field out."""
    tier, top_k, blocks = configuration
    content = {"tier": tier, "top_k": top_k, "num_active_blocks": blocks, "per_sample_results": records} | fields
    text = json.dumps({name: value for name, value in content.items() if value is not None})
    folder = results_dir / dataset.replace("_", "-")
    folder.mkdir(parents=True, exist_ok=True)
    crops = CROPS.get(tier, 8)
    file = folder / f"toy-vqa_imgsizetier-{tier}_crops{crops}_topk{top_k}_blocks{blocks}{ending}"
    file.write_bytes(gzip.compress(text.encode()) if ending.endswith(".gz") else text.encode())
    return file


def write_profile(
    results_dir: Path,
    measure: Callable[[int, Configuration], tuple[float, float] | None] = measure_plausibly,
    images: Iterable[int] = IMAGES,
    configurations: Iterable[Configuration] = CONFIGURATIONS,
    dataset: str = "toy_vqa",
    ending: str = ".json",
) -> Path:
    """A whole profile, one question per image; `measure` gives accuracy and latency (ms), or None: not measured."""
    images = tuple(images)
    for configuration in configurations:
        measured = [(image, measure(image, configuration)) for image in images]
        write_file(
            results_dir,
            configuration,
            [record(image, *values) for image, values in measured if values is not None],
            dataset,
            ending,
        )
    return results_dir
