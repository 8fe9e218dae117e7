import numpy as np
import pytest
import torch
from profiles import IMAGES, measure_plausibly, write_profile

from trainable.grpo.environment import ReplayEnvironment
from trainable.profiles.features import Features
from trainable.profiles.table import Profile, load_profile

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def profile(tmp_path_factory) -> Profile:
    """One configuration, number 2, is not measured for the first two samples."""

    def measure(image, configuration):
        skipped = image in sorted(IMAGES)[:2] and configuration == ("low", 4, 4)
        return None if skipped else measure_plausibly(image, configuration)

    return load_profile(write_profile(tmp_path_factory.mktemp("profile"), measure))


def features_of(profile: Profile, vision_size: int = 2) -> Features:
    language = np.arange(3 * len(profile.keys), dtype=np.float32).reshape(-1, 3)
    vision = np.ones((len(profile.keys), vision_size), dtype=np.float32)
    columns = 3 + vision_size
    mean, std = np.zeros(columns, dtype=np.float32), np.ones(columns, dtype=np.float32)
    return Features(np.hstack([language, vision]), 3, "made up", mean, std)


def test_each_sample_is_executed_under_its_own_configurations(profile):
    environment = ReplayEnvironment(profile, features_of(profile), CPU)
    samples, configurations = torch.tensor([5, 2, 5]), torch.tensor([[0, 7], [3, 3], [1, 6]])
    accuracy, latency_ms = environment.execute(samples, configurations)
    for row, sample in enumerate(samples):
        for column, configuration in enumerate(configurations[row]):
            assert accuracy[row, column] == profile.accuracy[sample, configuration]
            assert latency_ms[row, column] == profile.latency_ms[sample, configuration]


def test_what_was_not_measured_is_not_allowed(profile):
    allowed = ReplayEnvironment(profile, features_of(profile), CPU).allowed(torch.tensor([1, 2, 0]))
    assert allowed.shape == (3, 8)
    assert allowed[:, 2].tolist() == [False, True, False]
    assert allowed[:, [0, 1, 3, 4, 5, 6, 7]].all()


def test_the_policy_sees_language_and_vision_side_by_side(profile):
    seen = ReplayEnvironment(profile, features_of(profile), CPU).features(torch.tensor([4, 0]))
    assert seen.tolist() == [[12.0, 13.0, 14.0, 1.0, 1.0], [0.0, 1.0, 2.0, 1.0, 1.0]]


def test_without_vision_features_the_policy_sees_language_alone(profile):
    seen = ReplayEnvironment(profile, features_of(profile, vision_size=0), CPU).features(torch.tensor([4]))
    assert seen.tolist() == [[12.0, 13.0, 14.0]]
