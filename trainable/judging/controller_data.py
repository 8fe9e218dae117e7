"""The data to judge a controller on: what it was trained on, where that lies now, or another profile."""

import dataclasses
from typing import Any

from trainable.grpo.checkpoint import Controller
from trainable.grpo.settings import GRPOSettings
from trainable.profiles.features import Features, load_features
from trainable.profiles.files import dataset_folders
from trainable.profiles.reading import read_profile
from trainable.profiles.table import Profile
from trainable.settings_fields import require_usable_paths, typed_values


def data_of_controller(
    controller: Controller, given: dict[str, Any], trust_remote_code: bool
) -> tuple[Profile, Features]:
    """A profile and its features.

    Args:
        given: `results_dir`, `dataset_names` and `model_path`, where they are not those trained on.
        trust_remote_code: let the model that gives the language features run its own code.

    Raises:
        UserError: they are not there, or cannot be read.
    """
    settings = _settings(controller, given)
    profile = read_profile(settings.profile, settings.dataset_names)
    return profile, load_features(profile, settings.model_path, trust_remote_code)


def _settings(controller: Controller, given: dict[str, Any]) -> GRPOSettings:
    """What to judge it on: of the data trained on, all that is not given.

    Raises:
        UserError: it is not there.
    """
    trained = {name: controller.settings.get(name) for name in ("results_dir", "dataset_names", "model_path")}
    (values,) = typed_values(trained | given, GRPOSettings)
    settings = GRPOSettings(**values)
    require_usable_paths(settings)
    if "results_dir" in given and "dataset_names" not in given:  # perhaps the same profile elsewhere, perhaps another
        there = dataset_folders(settings.profile, ())
        if any(name.replace("-", "_") not in there for name in settings.dataset_names):
            return dataclasses.replace(settings, dataset_names=())
    return settings
