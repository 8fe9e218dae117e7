"""What is deployed, put together from its parts: a checkpoint, its profile, the model and a dataset."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from trainable.contract import UserError
from trainable.exported_policy import ExportedPolicy
from trainable.grpo.checkpoint import Controller, read_controller
from trainable.judging.controller_choices import ChoicesOnProfile
from trainable.judging.controller_data import data_of_controller
from trainable.judging.policy_export import export_controller
from trainable.profiles.features import Features
from trainable.profiles.hashed_ngrams import HASHED_NGRAMS
from trainable.profiles.table import Profile
from trainable.questions.reading import read_questions
from trainable.questions.sample import QuestionSet
from trainable.serving.controller import AdaptiveModel, load_model_for
from trainable.serving.profiled import Profiled, how_profiled
from trainable.serving.serving_file import ServingFacts
from trainable.serving.settings import DeploymentSettings
from trainable.torch_process import chosen_device

DEFAULT_FOLDER = "exported_policy"
"""Beside the checkpoint, as export.py has it."""
FEATURES_COMPARED = 8
"""Questions."""
LARGEST_DIFFERENCE = 0.1
"""Between the features that the model gives and those of the profile, relative to their size."""


@dataclass(frozen=True)
class Assembled:
    """The parts, which belong together."""

    controller: Controller
    folder: Path
    """Of the exported policy."""
    adaptive: AdaptiveModel
    profile: Profile
    """On the policy's grid."""
    features: Features
    """Of its samples."""
    profiled: Profiled
    asked: QuestionSet
    """What it is judged on."""


def assemble(checkpoint: Path, wanted: DeploymentSettings) -> Assembled:
    """Read and load all parts, and export the policy.

    Raises:
        UserError: a part is missing, cannot be used, or does not belong to the others.
    """
    controller = read_controller(checkpoint)
    given = {"results_dir": wanted.results_dir} if wanted.results_dir else {}
    profile, features = data_of_controller(controller, given, wanted.trust_remote_code)
    profile = ChoicesOnProfile(controller, profile, features).profile
    asked = read_questions(wanted.dataset, wanted.answer_metric, wanted.max_samples, wanted.split)
    folder = Path(wanted.output) if wanted.output else controller.file.parent / DEFAULT_FOLDER
    export_controller(controller, folder)
    policy = ExportedPolicy.load(folder)
    model = load_model_for(
        policy,
        wanted.model_path,
        chosen_device(wanted.device),
        trust_remote_code=wanted.trust_remote_code,
        dtype=wanted.dtype,
    )
    importance = Path(wanted.importance) if wanted.importance else None
    profiled = how_profiled(profile.results_dir, importance, model)
    num_threads = wanted.num_threads or profiled.num_threads
    torch.set_num_threads(num_threads)
    max_new_tokens = wanted.max_new_tokens or profiled.max_new_tokens or model.max_new_tokens
    adaptive = AdaptiveModel(policy, model, ServingFacts(profiled.drop_order, max_new_tokens, num_threads))
    _require_same_features(adaptive, asked, profile, features)
    return Assembled(controller, folder, adaptive, profile, features, profiled, asked)


def _require_same_features(adaptive: AdaptiveModel, asked: QuestionSet, profile: Profile, features: Features) -> None:
    """Refuse a model that shows the policy other features than the profile did: it would choose at random.

    Only what both know is compared.
    """
    row = {key: index for index, key in enumerate(profile.keys)}
    known = [question for question in asked.questions if question.key in row][:FEATURES_COMPARED]
    if not known:
        return
    seen = [adaptive.features(question.image(), question.question) for question in known]
    raw = features.raw[[row[question.key] for question in known]]
    expected_language, expected_vision = np.split(raw, [features.language_size], axis=1)
    compared = {}
    if adaptive.policy.config["language_features"] != HASHED_NGRAMS:
        compared["language"] = np.stack([one.language for one in seen]), expected_language
    if adaptive.policy.config["vision_size"]:
        compared["vision"] = np.stack([one.vision for one in seen if one.vision is not None]), expected_vision
    for name, (found, expected) in compared.items():
        difference = np.linalg.norm(found - expected) / np.linalg.norm(expected)
        if difference > LARGEST_DIFFERENCE:
            raise UserError(
                f"--model_path {adaptive.model.path}: its {name} features differ by {difference:.0%} from those of "
                f"the profile {profile.results_dir} on the same questions; give the model and the dataset that were "
                "profiled"
            )
