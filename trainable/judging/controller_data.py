"""The data to judge a controller on: what it was trained on, where that lies now, or another profile."""

import dataclasses
from typing import Any

from trainable.grpo.checkpoint import Controller
from trainable.grpo.settings import LIVE, GRPOSettings
from trainable.measuring.live_profile import measured_part
from trainable.measuring.store import MeasuredStore
from trainable.profiles.features import Features, load_features
from trainable.profiles.files import dataset_folders
from trainable.profiles.reading import read_profile
from trainable.profiles.table import Profile
from trainable.settings_fields import Role, names_with, require_usable_paths, typed_values


def data_of_controller(
    controller: Controller, given: dict[str, Any], trust_remote_code: bool
) -> tuple[Profile, Features]:
    """A profile and its features; of a controller that was trained on the running model, what its store holds.

    Args:
        given: settings that say where data lies, where it is not what was trained on.
        trust_remote_code: let the model that gives the language features run its own code.

    Raises:
        UserError: they are not there, or cannot be read.
    """
    settings = _settings(controller, given)
    if settings.environment == LIVE:
        part = measured_part(MeasuredStore.open(settings.profile))
        features = load_features(part.live)
        return part, dataclasses.replace(features, raw=features.raw[part.rows])
    profile = read_profile(settings.profile, settings.dataset_names)
    return profile, load_features(profile, settings.model_path, trust_remote_code)


def _settings(controller: Controller, given: dict[str, Any]) -> GRPOSettings:
    """What to judge it on: of the data trained on, all that is not given.

    Raises:
        UserError: it is not there.
    """
    names = names_with(Role.DATA, GRPOSettings)
    trained = {name: controller.settings[name] for name in names if name in controller.settings}
    if "results_dir" in given and "environment" not in given and trained.get("environment") == LIVE:
        trained = {}  # a profile instead of the running model
    (values,) = typed_values(trained | given, GRPOSettings)
    settings = GRPOSettings(**values)
    if settings.environment == LIVE:  # of which the store is all that is needed
        return settings
    require_usable_paths(settings)
    if "results_dir" in given and "dataset_names" not in given:  # perhaps the same profile elsewhere, perhaps another
        there = dataset_folders(settings.profile, ())
        if any(name.replace("-", "_") not in there for name in settings.dataset_names):
            return dataclasses.replace(settings, dataset_names=())
    return settings
