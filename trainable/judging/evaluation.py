"""The evaluation of a controller, as people read it: a line per budget, the baselines beside it, and the picture."""

from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from trainable.contract import UserError, shown_path
from trainable.grpo.checkpoint import read_controller
from trainable.judging.controller_choices import ChoicesOnProfile
from trainable.judging.controller_data import data_of_controller
from trainable.measuring.live_profile import MeasuredPart
from trainable.profiles.baselines import (
    baselines_under_budgets,
    full_configuration,
    mean_of_measured,
    missing_baselines,
    oracle_choices,
    points_of_choices,
)
from trainable.profiles.budget_points import BudgetPoint
from trainable.profiles.image_split import SPLIT_NAMES, TRAIN
from trainable.profiles.table import Profile
from trainable.terminal.console import PlainConsole

FRACTIONS_OF_FULL = (0.35, 0.5, 0.7, 0.85, 1.0)
POINTS_OF_FRONTIER = 24
TABLE_WIDTH = 120


def evaluate(
    checkpoint: Path,
    given: dict[str, Any],
    trust_remote_code: bool,
    split: int,
    further_budgets_ms: tuple[float, ...],
    plot: Path | None,
) -> None:
    """Print how the best policy of a checkpoint does on one split of a profile.

    Args:
        given: `results_dir`, `dataset_names` and `model_path`, where they are not those trained on.
        trust_remote_code: let the model that gives the language features run its own code.
        further_budgets_ms: beside the fractions of the full model's latency.
        plot: where to draw the frontier.

    Raises:
        UserError: no such checkpoint or profile, or two that don't belong together.
    """
    controller = read_controller(checkpoint)
    profile, features = data_of_controller(controller, given, trust_remote_code)
    lacking = profile.not_measured(split) if isinstance(profile, MeasuredPart) else ""
    if not len(profile.samples(split)):
        cause = lacking or f"none of its images falls into the {SPLIT_NAMES[split]} split"
        raise UserError(f"profile {profile.results_dir}: {cause}")
    on_profile = ChoicesOnProfile(controller, profile, features)
    profile = on_profile.profile
    full_ms = full_model_latency_ms(profile)
    budgets_ms = np.array([*(part * full_ms for part in FRACTIONS_OF_FULL), *further_budgets_ms], np.float32)  # [Q]
    of_full = [f"{part:.0%} of full" for part in FRACTIONS_OF_FULL] + [""] * len(further_budgets_ms)

    console = PlainConsole()
    console.width = max(console.width, TABLE_WIDTH)
    console.print(
        f"{shown_path(controller.file)}: the policy of epoch {controller.epoch} on "
        f"{len(profile.samples(split)):,} {SPLIT_NAMES[split]} samples of {', '.join(profile.datasets)}; "
        f"the full model takes {full_ms:.4g} ms"
    )
    policy = points_of_choices(profile, split, on_profile.choices(split, budgets_ms), budgets_ms)
    console.print(_table(policy, of_full, baselines_under_budgets(profile, split, budgets_ms)))
    if lacking:
        console.print(f"Chosen among what is measured: {lacking}")
    if missing := missing_baselines(profile, split):
        console.print(missing[0].upper() + missing[1:])
    grid_ms = profile.budget_grid_ms
    on_grid = points_of_choices(profile, split, on_profile.choices(split, grid_ms), grid_ms)
    score = np.mean([entry.in_budget_accuracy for entry in on_grid])
    console.print(f"Over the {len(grid_ms)} budgets that training is judged at: in-budget accuracy {score:.3f}")
    low, high = controller.trained_budget_range_ms
    if (budgets_ms < np.float32(low)).any() or (budgets_ms > np.float32(high)).any():
        console.print(f"Trained on budgets from {low:.4g} to {high:.4g} ms; one beyond is served as the nearest within")
    if profile.fingerprint != controller.fingerprint:
        console.print(f"Trained on another profile than {shown_path(profile.results_dir)}: scores are not comparable")
    elif controller.inputs not in ("", features.content):
        console.print(f"Trained on other features ({controller.inputs}) than these ({features.content})")
    if plot:
        _draw(plot, on_profile, split)
        console.print(f"Frontier: {shown_path(plot)}")


def full_model_latency_ms(profile: Profile) -> float:
    """Mean latency of `full_configuration` over the training samples."""
    return float(np.nanmean(profile.latency_ms[profile.samples(TRAIN), full_configuration(profile)], dtype=np.float64))


def _table(policy: list[BudgetPoint], of_full: list[str], baselines: dict[str, list[BudgetPoint]]) -> Table:
    caption = f"in budget: accuracy of the answers in time; so for {', '.join(baselines)} (in hindsight, per sample)"
    table = Table(box=None, header_style="bold", pad_edge=False, caption=caption, caption_justify="left")
    columns = ("budget", "", "in budget", "accuracy", "mean", "P95", "late", *baselines)
    for column in columns:
        table.add_column(column, justify="right" if column else "left", no_wrap=True)
    for index, entry in enumerate(policy):
        table.add_row(
            f"{entry.budget_ms:.4g} ms",
            of_full[index],
            f"{entry.in_budget_accuracy:.3f}",
            f"{entry.accuracy:.3f}",
            f"{entry.latency_ms:.4g} ms",
            f"{entry.p95_latency_ms:.4g} ms",
            f"{entry.violation_rate:.1%}",
            *(f"{entries[index].in_budget_accuracy:.3f}" for entries in baselines.values()),
        )
    return table


def _draw(file: Path, on_profile: ChoicesOnProfile, split: int) -> None:
    from trainable.judging.frontier_plot import draw_frontier

    profile = on_profile.profile
    budgets_ms = np.linspace(*profile.budget_range_ms, POINTS_OF_FRONTIER).astype(np.float32)
    policy = points_of_choices(profile, split, on_profile.choices(split, budgets_ms), budgets_ms)
    oracle = points_of_choices(profile, split, oracle_choices(profile, split, budgets_ms), budgets_ms)
    title = f"{', '.join(profile.datasets)}, {SPLIT_NAMES[split]}"
    rows = profile.samples(split)
    fixed = mean_of_measured(profile.latency_ms[rows]), mean_of_measured(profile.accuracy[rows])
    draw_frontier(file, title, policy, oracle, *fixed)
