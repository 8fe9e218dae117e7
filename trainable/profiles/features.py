"""What the policy may see of a sample before the VLM runs: language features and, where they exist, vision features.

`features.safetensors` beside a dataset's files holds `language` [S, d], `vision` [S, d'] and `question_id` [S], or
[S, bytes] where ids are texts.
Without it the language features are hashed word n-grams of the question, and there is no vision input.
"""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from trainable.contract import UserError
from trainable.profiles.files import dataset_folders
from trainable.profiles.hashed_ngrams import HASHED_NGRAMS, hashed_ngrams
from trainable.profiles.identities import ids_of_array
from trainable.profiles.image_split import TRAIN
from trainable.profiles.workload import Workload

FEATURES_FILE = "features.safetensors"


@dataclass(frozen=True)
class Features:
    """Inputs of the policy: the language features of every sample and, behind them, its vision features."""

    raw: np.ndarray
    """As they were measured, float32 [S, d + d']; d' is 0 where the profile has no vision features."""
    language_size: int
    """d"""
    language_source: str
    """Where the language features come from: the profile's file, hashed n-grams, or a model's path."""
    mean: np.ndarray
    """Of each column over the training samples, float32 [d + d']."""
    std: np.ndarray
    """Likewise; 1 where a column is constant."""
    content: str = ""
    """What they were made of, wherever that lay, and a hash of it: the same on every machine."""

    @property
    def vision_size(self) -> int:
        """d'"""
        return len(self.mean) - self.language_size

    def standardised(self) -> np.ndarray:
        """Each column with mean 0 and standard deviation 1 over the training samples, float32 [S, d + d']."""
        standardised: np.ndarray = (self.raw - self.mean) / self.std
        return standardised


def load_features(profile: Workload, model_path: str | None = None, trust_remote_code: bool = False) -> Features:
    """The features measured with the profile, or hashed questions when a dataset has none.

    Args:
        model_path: a checkpoint whose word embeddings give the language features instead.
        trust_remote_code: let that checkpoint's own code run.

    Raises:
        UserError: a features file that cannot be read or that lacks a sample of the profile; an unusable checkpoint.
    """
    folders = dataset_folders(profile.results_dir, profile.datasets)
    files = {name: folder / FEATURES_FILE for name, folder in folders.items()}
    measured: list[dict[str, np.ndarray]] = []
    if all(os.path.lexists(file) for file in files.values()):  # a link that leads nowhere is no leave to go without
        measured = [_rows_of_questions(profile, name, file) for name, file in files.items()]

    if model_path is not None:
        from trainable.profiles.language_features import embedded_questions

        language, used = embedded_questions(profile.questions, model_path, trust_remote_code)
        source, made_of = model_path, "word embeddings"
    elif measured:
        language = _of_all_datasets(files, measured, "language")
        source, made_of, used = FEATURES_FILE, FEATURES_FILE, [language]
    else:
        language = np.stack([hashed_ngrams(question) for question in profile.questions])
        source, made_of, used = HASHED_NGRAMS, HASHED_NGRAMS, [language]
    columns = [language]
    if measured and all("vision" in arrays for arrays in measured):
        columns.append(_of_all_datasets(files, measured, "vision"))
        used.append(columns[-1])

    digest = hashlib.sha256()
    for part in used:
        digest.update(np.ascontiguousarray(part).data)
    raw = np.concatenate(columns, axis=1, dtype=np.float32)
    training = raw[profile.samples(TRAIN)]
    std = training.std(axis=0)
    return Features(
        raw=raw,
        language_size=language.shape[1],
        language_source=source,
        mean=training.mean(axis=0),
        std=np.where(std > 1e-6, std, np.float32(1.0)),
        content=f"{made_of} {digest.hexdigest()[:16]}",
    )


def _rows_of_questions(profile: Workload, dataset: str, file: Path) -> dict[str, np.ndarray]:
    """`language` and, where the file has it, `vision` of the profile's samples of one dataset."""
    try:
        arrays = load_file(file)
        ids = ids_of_array(arrays["question_id"])
        if len(set(ids)) < len(ids):
            raise ValueError("it has several rows for one question_id")
        row = {question_id: index for index, question_id in enumerate(ids)}
        wanted = [row[key.question_id] for key in profile.keys if key.dataset == dataset]
        names = [name for name in ("language", "vision") if name in arrays or name == "language"]
        for name in names:
            if arrays[name].ndim != 2 or len(arrays[name]) != len(ids):
                raise ValueError(f"{name} has the shape {arrays[name].shape}, not a row for each of {len(ids)} ids")
            if not np.isfinite(arrays[name][wanted]).all():
                raise ValueError(f"{name} holds NaN or infinity")
    except (SafetensorError, OSError) as error:
        raise UserError(f"{file}: not readable as safetensors ({error}); copy it again or remove it") from None
    except KeyError as error:
        raise UserError(
            f"{file}: it has no {error}, which the profile's questions need; extract the features again or remove it"
        ) from None
    except (TypeError, ValueError) as error:
        raise UserError(f"{file}: {error}; extract the features again or remove it") from None
    return {name: arrays[name][wanted] for name in names}


def _of_all_datasets(files: Mapping[str, Path], measured: list[dict[str, np.ndarray]], name: str) -> np.ndarray:
    """One kind of features of all samples, [S, d]."""
    first, size = next(iter(files)), measured[0][name].shape[1]
    for file, arrays in zip(files.values(), measured, strict=True):
        if arrays[name].shape[1] != size:
            raise UserError(
                f"{file}: its features have {arrays[name].shape[1]} columns, those of {first} {size}; "
                "extract both with the same model, or train on one dataset"
            )
    return np.concatenate([arrays[name] for arrays in measured])
