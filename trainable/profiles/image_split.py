"""The train / validation / test split: by image, by hash, the same for every trial, seed and machine.

Imports the standard library alone: the names are choices of a flag.
"""

import hashlib

TRAIN, VALIDATION, TEST = 0, 1, 2
SPLIT_NAMES = ("train", "validation", "test")

TRAIN_BELOW = 0.6
VALIDATION_BELOW = 0.8


def split_of_image(image_id: object) -> int:
    """TRAIN, VALIDATION or TEST, from sha256 of `str(image_id)` alone: images recur across datasets."""
    digest = hashlib.sha256(str(image_id).encode()).digest()
    fraction = int.from_bytes(digest, "big") / 2**256
    return TRAIN if fraction < TRAIN_BELOW else VALIDATION if fraction < VALIDATION_BELOW else TEST
