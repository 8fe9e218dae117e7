"""What the default recipe and the defaults of the policy are worth, beside what can be had without any training.

    python benchmarks/recipes.py > recipes.md

Trains each row of the table with several seeds on the shipped profile (no Ray) and prints markdown: in-budget accuracy
of the checkpoint that is best on validation, as the mean over seeds with the least and the largest.

The column `test` reads the test images. It confirms defaults that validation has chosen; nothing is chosen by it.
"""

import argparse
import dataclasses
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainable.grpo.settings import GRPOSettings

if TYPE_CHECKING:
    from trainable.grpo.controller_data import ControllerData
    from trainable.grpo.recipes import Recipe

GOOD = {"lr": 1e-3, "group_size": 8, "budget_penalty": 1.0}
STARTING = {"lr": 1e-4, "group_size": 5, "budget_penalty": 10.0}


@dataclass(frozen=True)
class TableRow:
    """One line of the table: what is changed of the default recipe at GOOD hyperparameters."""

    name: str
    settings: GRPOSettings
    features: str = "all"
    """What the policy sees: 'all', 'no vision' or 'none'."""
    crossed: tuple[str, str] | None = None
    """The recipe whose reward is taken and the one whose advantages are, where they are not the same."""


@dataclass(frozen=True)
class Outcome:
    """What one training came to."""

    best_epoch: int
    validation: float
    test: float
    last_validation: float
    last_choices: Counter[str]
    """How often the last epoch's policy chooses each configuration on validation."""


def rows() -> list[TableRow]:
    good = GRPOSettings(**GOOD)
    listed = [TableRow("`default` recipe, lr 1e-3, group 8, penalty 1", good)]
    listed += [TableRow("`default` recipe, starting values: lr 1e-4, group 5, penalty 10", GRPOSettings(**STARTING))]
    listed += [
        TableRow(
            f"`original` recipe, lr {lr}, group {group_size}, penalty 10",
            GRPOSettings(recipe="original", lr=float(lr), group_size=group_size, budget_penalty=10.0),
        )
        for lr in ("1e-4", "1e-3")
        for group_size in (5, 16)
    ]
    ten = dataclasses.replace(good, budget_penalty=10.0)
    listed += [
        TableRow("reward of `original`, penalty 10, not divided by the std", ten, crossed=("original", "default")),
        TableRow("reward of `default`, penalty 1, divided by the std", good, crossed=("default", "original")),
    ]
    tried: dict[str, tuple[Any, ...]] = {
        "entropy_coefficient": (0.0, 0.003, 0.01, 0.03, 0.1),
        "dropout": (0.0, 0.1, 0.2),
        "weight_decay": (0.01, 0.1, 1.0),
        "hidden_size": (64, 128, 256),
    }
    listed += [
        TableRow(f"{name} {value:g}", dataclasses.replace(good, **{name: value}))
        for name, values in tried.items()
        for value in values
    ]
    return [
        *listed,
        TableRow("no vision features", good, features="no vision"),
        TableRow("no features", good, features="none"),
    ]


def train(row: TableRow, data: "ControllerData", seed: int, num_epochs: int) -> Outcome:
    import torch

    from trainable import contract
    from trainable.grpo.recipes import RECIPES
    from trainable.grpo.run import CHECKPOINT_FILE, GRPORun
    from trainable.profiles.image_split import TEST, VALIDATION

    # A cross of two recipes has no name of its own, so it takes the place of one while the run is made.
    own = RECIPES[row.settings.recipe]
    RECIPES[row.settings.recipe] = _recipe(row)
    run = GRPORun(row.settings, data, seed, "cpu")
    RECIPES[row.settings.recipe] = own
    for _ in range(num_epochs):
        last = run.step()
    with tempfile.TemporaryDirectory() as folder:
        run.save(Path(folder))
        checkpoint = torch.load(Path(folder) / CHECKPOINT_FILE, weights_only=True)
    best = checkpoint["best"]
    return Outcome(
        best_epoch=best["epoch"],
        validation=_in_budget_accuracy(row.settings, data, best["policy"], VALIDATION),
        test=_in_budget_accuracy(row.settings, data, best["policy"], TEST),
        last_validation=last[contract.VAL_IN_BUDGET_ACCURACY],
        last_choices=_choices(row.settings, data, checkpoint["policy"], VALIDATION),
    )


def _recipe(row: TableRow) -> "Recipe":
    from trainable.grpo.recipes import RECIPES, Recipe

    if row.crossed is None:
        return RECIPES[row.settings.recipe]
    of_reward, of_advantages = row.crossed
    return Recipe(RECIPES[of_reward].reward, RECIPES[of_advantages].divide_by_std)


def _greedy(settings: GRPOSettings, data: "ControllerData", weights: dict[str, Any], split: int) -> Any:
    """The configuration of each sample of a split under each budget of the grid, int64 [S, Q]."""
    import torch

    from trainable.grpo.environment import ReplayEnvironment
    from trainable.grpo.run import initial_policy
    from trainable.grpo.validation import greedy_choices

    policy = initial_policy(settings, data, seed=0)
    policy.load_state_dict(weights)
    environment = ReplayEnvironment(data.profile, data.features, torch.device("cpu"))
    samples = torch.tensor(data.profile.samples(split))
    return greedy_choices(policy, environment, samples, torch.tensor(data.profile.budget_grid_ms))


def _in_budget_accuracy(settings: GRPOSettings, data: "ControllerData", weights: dict[str, Any], split: int) -> float:
    import numpy as np

    from trainable.profiles.baselines import in_budget_accuracy

    table = in_budget_accuracy(data.profile, split, data.profile.budget_grid_ms)  # [S, C, Q]
    choices = _greedy(settings, data, weights, split).numpy()  # [S, Q]
    return float(np.take_along_axis(table, choices[:, None, :], axis=1).mean())


def _choices(settings: GRPOSettings, data: "ControllerData", weights: dict[str, Any], split: int) -> Counter[str]:
    grid = data.profile.grid
    chosen = _greedy(settings, data, weights, split).flatten().tolist()
    return Counter(", ".join(map(str, grid.configurations[index])) for index in chosen)


def _seen(data: "ControllerData", features: str) -> "ControllerData":
    import numpy as np

    seen = data.features
    if features == "no vision":
        columns = slice(seen.language_size)
        seen = dataclasses.replace(seen, raw=seen.raw[:, columns], mean=seen.mean[columns], std=seen.std[columns])
    if features == "none":
        seen = dataclasses.replace(seen, raw=np.tile(seen.mean, (len(seen.raw), 1)))
    return dataclasses.replace(data, features=seen)


def _baseline_lines(data: "ControllerData") -> list[str]:
    from trainable.profiles.baselines import baselines
    from trainable.profiles.image_split import TEST, VALIDATION

    lines = ["| without training | validation | test |", "| --- | --- | --- |"]
    for of_validation, of_test in zip(baselines(data.profile, VALIDATION), baselines(data.profile, TEST), strict=True):
        cells = (f"{b.value:.3f} ({b.low:.3f} to {b.high:.3f})" for b in (of_validation, of_test))
        lines.append(f"| {of_validation.name} | {' | '.join(cells)} |")
    return lines


def _line(name: str, outcomes: list[Outcome]) -> str:
    choices = sum((outcome.last_choices for outcome in outcomes), Counter[str]())
    configuration, times = choices.most_common(1)[0]
    epochs = [outcome.best_epoch for outcome in outcomes]
    cells = [
        name,
        _spread([outcome.validation for outcome in outcomes]),
        _spread([outcome.test for outcome in outcomes]),
        f"{min(epochs)} to {max(epochs)}",
        _spread([outcome.last_validation for outcome in outcomes]),
        f"{configuration}: {times / choices.total():.0%}",
    ]
    return f"| {' | '.join(cells)} |"


def _spread(values: list[float]) -> str:
    return f"{sum(values) / len(values):.3f} ({min(values):.3f} to {max(values):.3f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--num_epochs", type=int, default=30, help="epochs of each training (default: 30)")
    parser.add_argument("--seeds", type=int, default=3, help="trainings per row, with seeds 0, 1, ... (default: 3)")
    parser.add_argument(
        "--only", nargs="+", default=[""], metavar="TEXT", help="only rows whose name holds one of these"
    )
    args = parser.parse_args()
    wanted = [row for row in rows() if any(text in row.name for text in args.only)]
    if not wanted:
        parser.error("--only matches no row; the rows are:\n" + "\n".join(row.name for row in rows()))

    import torch

    from trainable.grpo.joint_controller import KIND

    torch.set_num_threads(1)
    data = KIND.prepare(GRPOSettings())
    known: dict[Any, list[Outcome]] = {}  # the default's value of each setting is the first row again
    lines = []
    for row in wanted:
        key = (row.settings, row.features, row.crossed)
        if key not in known:
            seen = _seen(data, row.features)
            known[key] = [train(row, seen, seed, args.num_epochs) for seed in range(args.seeds)]
        lines.append(_line(row.name, known[key]))
        print(lines[-1], file=sys.stderr, flush=True)

    print(data.profile.describe() + f"; {args.num_epochs} epochs, {args.seeds} seeds\n")
    print("\n".join(_baseline_lines(data)), end="\n\n")
    print("| trained | validation | test | best epoch | validation, last epoch | most chosen at the last epoch |")
    print("| --- | --- | --- | --- | --- | --- |")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
