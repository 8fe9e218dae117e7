"""What the policy may see of a sample before the VLM runs: language features and, where they exist, vision features.

`features.safetensors` beside a dataset's files holds `language` [S, d], `vision` [S, d'] and `question_id` [S].
Without it the language features are hashed word n-grams of the question, and there is no vision input.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from trainable.contract import UserError
from trainable.profiles.files import dataset_folders
from trainable.profiles.hashed_ngrams import HASHED_NGRAMS, hashed_ngrams
from trainable.profiles.image_split import TRAIN
from trainable.profiles.table import Profile

FEATURES_FILE = "features.safetensors"
FROM_PROFILE = FEATURES_FILE


@dataclass(frozen=True)
class Standardisation:
    """What brings each column of raw features to mean 0 and standard deviation 1, float32 [d] both."""

    mean: np.ndarray
    std: np.ndarray

    def apply(self, features: np.ndarray) -> np.ndarray:
        """[S, d] -> float32 [S, d]"""
        standardised: np.ndarray = ((features - self.mean) / self.std).astype(np.float32)
        return standardised


@dataclass(frozen=True)
class Features:
    """Inputs of the policy, each column with mean 0 and standard deviation 1 over the training samples."""

    language: np.ndarray
    """float32 [S, d]"""
    vision: np.ndarray | None
    """float32 [S, d'], or None when the profile has none"""
    language_standardisation: Standardisation | None = None
    vision_standardisation: Standardisation | None = None
    language_source: str = FROM_PROFILE
    """Where raw language features come from: the profile's file, hashed n-grams, or a model's path."""


@dataclass(frozen=True)
class RawFeatures:
    """Features as they were measured."""

    language: np.ndarray
    """[S, d]"""
    vision: np.ndarray | None
    """[S, d'], or None when the profile has none"""
    language_source: str

    def standardised(self, training: np.ndarray) -> Features:
        """Over the training samples, numbers [S of that split]."""
        of_vision = None if self.vision is None else standardisation(self.vision[training])
        return self.standardised_by(standardisation(self.language[training]), of_vision)

    def standardised_by(self, of_language: Standardisation, of_vision: Standardisation | None) -> Features:
        """With means and standard deviations of other samples; vision is left out where it has none."""
        vision = None if self.vision is None or of_vision is None else of_vision.apply(self.vision)
        return Features(of_language.apply(self.language), vision, of_language, of_vision, self.language_source)


def load_features(profile: Profile, model_path: str | None = None, trust_remote_code: bool = False) -> Features:
    """The features measured with the profile, or hashed questions when a dataset has none.

    Args:
        model_path: a checkpoint whose word embeddings give the language features instead.
        trust_remote_code: let that checkpoint's own code run.

    Raises:
        UserError: a features file that cannot be read or that lacks a sample of the profile; an unusable checkpoint.
    """
    return raw_features(profile, model_path, trust_remote_code).standardised(profile.samples(TRAIN))


def raw_features(profile: Profile, model_path: str | None = None, trust_remote_code: bool = False) -> RawFeatures:
    """As `load_features`, not yet standardised."""
    measured = _measured_features(profile)
    if model_path is not None:
        from trainable.profiles.language_features import embedded_questions

        language = embedded_questions(profile.questions, model_path, trust_remote_code)
        return dataclasses.replace(measured, language=language, language_source=model_path)
    return measured


def _measured_features(profile: Profile) -> RawFeatures:
    folders = dataset_folders(profile.results_dir, profile.datasets)
    files = {name: folder / FEATURES_FILE for name, folder in folders.items()}
    if not all(file.exists() for file in files.values()):
        return RawFeatures(np.stack([hashed_ngrams(question) for question in profile.questions]), None, HASHED_NGRAMS)
    rows = {name: _rows_of_questions(profile, name, file) for name, file in files.items()}
    language = _one_width(files, {name: arrays["language"] for name, arrays in rows.items()})
    vision = {name: arrays["vision"] for name, arrays in rows.items() if "vision" in arrays}
    return RawFeatures(language, _one_width(files, vision) if len(vision) == len(files) else None, FROM_PROFILE)


def _one_width(files: Mapping[str, Path], features: Mapping[str, np.ndarray]) -> np.ndarray:
    """Features of all datasets, [S, d]."""
    first, *others = features
    for name in others:
        if features[name].shape[1] != features[first].shape[1]:
            raise UserError(
                f"{files[name]}: its features have {features[name].shape[1]} columns, those of {first} "
                f"{features[first].shape[1]}; extract both with the same model, or train on one dataset"
            )
    return np.concatenate(list(features.values()))


def standardise(features: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Each column with mean 0 and standard deviation 1 over the training samples, float32 [S, d]."""
    return standardisation(features[training]).apply(features)


def standardisation(features: np.ndarray) -> Standardisation:
    """Mean and standard deviation of each column, [S, d]; a constant column is only centred."""
    std = features.std(axis=0)
    return Standardisation(features.mean(axis=0), np.where(std > 1e-6, std, 1.0).astype(features.dtype))


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
