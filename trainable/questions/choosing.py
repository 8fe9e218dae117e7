"""Which images a smaller part of a dataset keeps."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate, takewhile

from trainable.profiles.image_split import split_of_image


def whole_images(image_ids: Sequence[str], max_samples: int) -> set[str]:
    """The images that at most `max_samples` samples are about, no image in part, each split with its share.

    In each split images are taken in the order of a hash of theirs, another than the split's, and the splits take
    turns by their sizes; so a larger part holds a smaller one.

    Args:
        image_ids: of each sample, [S].
    """
    samples = Counter(image_ids)
    of_split: dict[int, list[str]] = {}
    for image_id in sorted(samples, key=_hashed):
        of_split.setdefault(split_of_image(image_id), []).append(image_id)
    turns = {
        image_id: ((rank + 0.5) / len(images), split)
        for split, images in of_split.items()
        for rank, image_id in enumerate(images)
    }
    order = sorted(turns, key=lambda image_id: turns[image_id])
    kept = takewhile(lambda total: total <= max_samples, accumulate(samples[image_id] for image_id in order))
    return {image_id for image_id, _ in zip(order, kept, strict=False)}


def _hashed(image_id: str) -> bytes:
    return hashlib.sha256(f"part {image_id}".encode()).digest()
