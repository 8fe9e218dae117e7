"""A controller on the test split, judged as in validation: the same budgets, the same greedy choices."""

import dataclasses
from pathlib import Path

import torch
from torch import Tensor

from trainable import contract
from trainable.grpo.checkpoint import read_controller
from trainable.grpo.controller_data import ControllerData
from trainable.grpo.environment import ReplayEnvironment
from trainable.grpo.recipes import RECIPES
from trainable.grpo.settings import GRPOSettings
from trainable.grpo.validation import ValidationSet, validate
from trainable.measuring.live_profile import LiveProfile, measured_part
from trainable.measuring.store import MeasuredStore
from trainable.profiles.baselines import ORACLE, baselines
from trainable.profiles.features import Features
from trainable.profiles.image_split import TEST
from trainable.profiles.table import Profile
from trainable.score_parts import Judged

CPU = torch.device("cpu")


def judged_on_test_split(settings: GRPOSettings, data: ControllerData, checkpoint: Path) -> Judged | None:
    """What a checkpoint's policy and the baselines achieve there; None where the profile has no such image, or the
    store of a running model lacks a cell of them.

    Raises:
        UserError: the checkpoint cannot be read.
    """
    known = _test_table(data)
    if known is None:
        return None
    table, features = known
    recipe, complexity = RECIPES[settings.recipe], torch.tensor(table.grid.complexity)  # [C]

    def reward(accuracy: Tensor, latency_ms: Tensor, budgets_ms: Tensor, configurations: Tensor) -> Tensor:
        return recipe.reward(accuracy, latency_ms, budgets_ms, complexity[configurations], settings.budget_penalty)

    policy = read_controller(checkpoint).policy
    environment = ReplayEnvironment(table, features, CPU)
    judged = validate(policy, environment, ValidationSet.of_profile(table, CPU, TEST), reward)
    beside = tuple(dataclasses.replace(baseline, curves={}) for baseline in baselines(table, TEST))
    (oracle,) = (baseline.value for baseline in beside if baseline.name == ORACLE)
    gap = {contract.VAL_ORACLE_GAP: oracle - judged.metrics[contract.VAL_IN_BUDGET_ACCURACY]}
    return Judged(judged.metrics | gap, judged.parts, beside)


def _test_table(data: ControllerData) -> tuple[Profile, Features] | None:
    """All that can be chosen for the test samples, with their features."""
    profile, features = data.profile, data.features
    if isinstance(profile, LiveProfile):
        store = MeasuredStore.open(profile.results_dir)
        if not store.is_complete(TEST):
            return None
        part = measured_part(store)
        table: Profile = part
        features = dataclasses.replace(features, raw=features.raw[part.rows])
    else:
        assert data.table
        table = data.table
    return (table, features) if len(table.samples(TEST)) else None
