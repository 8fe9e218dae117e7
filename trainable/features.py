"""What the policy may see of a sample before the VLM runs: language features and, where they exist, vision features.

`features.safetensors` beside a dataset's files holds `language` [S, d], `vision` [S, d'] and `question_id` [S].
Without it the language features are hashed word n-grams of the question, and there is no vision input.
"""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from trainable.contract import UserError
from trainable.image_split import TRAIN
from trainable.profile_files import dataset_folders
from trainable.profile_table import Profile

FEATURES_FILE = "features.safetensors"
HASHED_SIZE = 256
LONGEST_NGRAM = 2


@dataclass(frozen=True)
class Features:
    """Inputs of the policy, each column with mean 0 and standard deviation 1 over the training samples."""

    language: np.ndarray
    """float32 [S, d]"""
    vision: np.ndarray | None
    """float32 [S, d'], or None when the profile has none"""


def load_features(profile: Profile) -> Features:
    """The features measured with the profile, or hashed questions when a dataset has none.

    Raises:
        UserError: a features file that cannot be read or that lacks a sample of the profile.
    """
    folders = dataset_folders(profile.results_dir, profile.datasets)
    files = {name: folder / FEATURES_FILE for name, folder in folders.items()}
    training = profile.samples(TRAIN)
    if not all(file.exists() for file in files.values()):
        hashed = np.stack([hashed_ngrams(question) for question in profile.questions])
        return Features(standardise(hashed, training), None)
    language, vision = [], []
    for name, file in files.items():
        rows = _rows_of_questions(profile, name, file)
        language.append(rows["language"])
        if "vision" in rows:
            vision.append(rows["vision"])
    return Features(
        standardise(np.concatenate(language), training),
        standardise(np.concatenate(vision), training) if len(vision) == len(files) else None,
    )


def hashed_ngrams(text: str, size: int = HASHED_SIZE) -> np.ndarray:
    """Counts of the text's words and word pairs, hashed into `size` signed buckets, float32 [size].

    The hash (CRC-32) is the same in every process, unlike Python's own.
    """
    words = text.lower().split()
    counts = np.zeros(size, dtype=np.float32)
    for length in range(1, LONGEST_NGRAM + 1):
        for start in range(len(words) - length + 1):
            code = zlib.crc32(" ".join(words[start : start + length]).encode())
            counts[code % size] += 1.0 if code & 0x80000000 else -1.0
    return counts


def standardise(features: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Each column with mean 0 and standard deviation 1 over the training samples, float32 [S, d]."""
    mean, std = features[training].mean(axis=0), features[training].std(axis=0)
    standardised: np.ndarray = ((features - mean) / np.where(std > 1e-6, std, 1.0)).astype(np.float32)
    return standardised


def _rows_of_questions(profile: Profile, dataset: str, file: Path) -> dict[str, np.ndarray]:
    try:
        arrays = load_file(file)
        row = {str(question_id): place for place, question_id in enumerate(arrays["question_id"].tolist())}
        wanted = [row[key.question_id] for key in profile.keys if key.dataset == dataset]
        return {name: arrays[name][wanted] for name in ("language", "vision") if name in arrays or name == "language"}
    except (SafetensorError, OSError, IndexError) as error:
        raise UserError(f"{file}: not readable as safetensors ({error}); copy it again or remove it") from None
    except KeyError as error:
        raise UserError(
            f"{file}: it has no {error}, which the profile's questions need; extract the features again or remove it"
        ) from None
