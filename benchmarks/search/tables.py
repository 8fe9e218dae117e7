"""Outcomes as tables in Markdown, with 95 % bootstrap intervals over the searches of a method."""

from collections.abc import Callable, Sequence

import numpy as np

from search.methods import METHODS, OURS, STOCK, WITHOUT_PRIOR, YESTERDAY
from search.outcomes import Outcome

MILLI = 1000
DRAWS = 2000
WITHIN = (0.01, 0.005)
"""Of the best quality there is: shares that a choice may fall short of it."""

ByMethod = dict[str, list[Outcome]]


def by_method(outcomes: Sequence[Outcome]) -> ByMethod:
    """In the order of the methods, for one profile and space."""
    return {name: found for name in METHODS if (found := [outcome for outcome in outcomes if outcome.method == name])}


def traces(outcomes: Sequence[Outcome]) -> np.ndarray:
    """Regret after each epoch that all of them had, [searches, epochs]."""
    epochs = min(outcome.budget for outcome in outcomes)
    return np.array([outcome.regret[:epochs] for outcome in outcomes])


def interval(values: np.ndarray, statistic: Callable[[np.ndarray], np.ndarray] = np.mean) -> tuple[float, float]:
    """From the 2.5th to the 97.5th percentile of a statistic of resampled `values` [searches, ...]."""
    generator = np.random.default_rng(0)
    drawn = [statistic(values[generator.integers(len(values), size=len(values))]) for _ in range(DRAWS)]
    low, high = np.percentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def regret_table(methods: ByMethod, at: Sequence[int]) -> list[str]:
    """Mean regret x1000 after so many epochs, and the epochs until the choice is near the best."""
    end = at[-1]
    near = [f"epochs to within {share:.1%} (reached)".replace(".0%", " %").replace("5%", "5 %") for share in WITHIN]
    level = f"E: down to {STOCK} after {', '.join(map(str, at[-3:]))}"
    lines = _head(["method", "searches", *(f"after {epochs}" for epochs in at), level, *near, f"trials at {end}"])
    stock = traces(methods[STOCK]) if STOCK in methods else None
    for name, outcomes in methods.items():
        regret = traces(outcomes)
        cells = [name, str(len(outcomes))]
        cells += [_mean(regret[:, epochs - 1]) if epochs <= regret.shape[1] else "" for epochs in at]
        levels = [] if stock is None else [epochs_to(regret, stock[:, :epochs]) for epochs in at[-3:]]
        cells.append(", ".join(f"{epochs:.0f}" if np.isfinite(epochs) else "never" for epochs in levels))
        for share in WITHIN:
            hits = [first_within(trace, share * outcomes[0].best, end) for trace in regret]
            epochs = np.array([hit or end for hit in hits])
            low, high = interval(epochs)
            cells.append(f"{epochs.mean():.0f} [{low:.0f}, {high:.0f}] ({np.mean([hit > 0 for hit in hits]):.0%})")
        cells.append(f"{np.mean([outcome.replicated.trials for outcome in outcomes]):.0f}")
        lines.append(_row(cells))
    return lines


def replication_table(methods: ByMethod) -> list[str]:
    """Regret x1000 of the choice by score, and of the best of the finalists under fresh seeds."""
    best_of = "best of the finalists by"
    lines = _head([
        "method", "never tried the best", "chose another than its best", "score above quality", "chosen by score",
        f"{best_of} one fresh seed", "by two", "by three",
        "by one and the score", "by two and the score",
    ])  # fmt: skip
    for name, outcomes in methods.items():
        found = [outcome.replicated for outcome in outcomes]
        best = outcomes[0].best
        by_score = np.array([one.by_score for one in found])
        tried = np.array([one.best_tried for one in found])
        by_seeds = np.array([one.by_fresh_seeds for one in found])  # [searches, seeds]
        with_score = np.array([one.with_the_score[:2] for one in found])  # [searches, 2]
        columns = [best - tried, tried - by_score, np.array([one.flattered for one in found]), best - by_score]
        lines.append(
            _row([name, *map(_mean, columns), *map(_mean, best - by_seeds.T), *map(_mean, best - with_score.T)])
        )
    return lines


def target_table(methods: ByMethod, end: int, afterwards: int) -> list[str]:
    """Ours beside stock and yesterday's: what the search is judged by.

    Args:
        end: epochs of a search.
        afterwards: epochs of a search without replication that has spent as many as `end` and replicating take.
    """
    if not {STOCK, OURS, WITHOUT_PRIOR, YESTERDAY} <= set(methods):
        return []
    stock = traces(methods[STOCK])[:, :end]
    lines = _head(["what", "found", "95 % interval", "wanted"])
    lines.append(_row([f"E of {STOCK}", f"{epochs_to(stock, stock):.0f}", "", ""]))
    for name, wanted in ((OURS, 0.5), (WITHOUT_PRIOR, 0.75)):
        shares = resampled(stock, traces(methods[name])[:, :end], _share_of_epochs)
        lines.append(_row([f"E of {name}, as a share of that", *shares, f"at most {wanted}"]))
    unreplicated = np.array([outcome.regret[afterwards - 1] for outcome in methods[YESTERDAY]])
    for name in (OURS, WITHOUT_PRIOR):
        fresh = np.array([outcome.best - outcome.replicated.by_fresh_seeds[0] for outcome in methods[name]])
        shares = resampled(unreplicated, fresh, lambda one, other: other.mean() / one.mean())
        what = f"regret of {name} after {end} epochs and replication, as a share of {YESTERDAY} after {afterwards}"
        lines.append(_row([what, *shares, "at most 0.5"]))
    return lines


def epochs_to(traces_of_one: np.ndarray, traces_of_level: np.ndarray) -> float:
    """E: after how many epochs the mean regret is first down to the other's mean at the end; infinite if never."""
    return float(first_within(traces_of_one.mean(0), traces_of_level.mean(0)[-1], traces_of_one.shape[1])) or np.inf


def _share_of_epochs(stock: np.ndarray, ours: np.ndarray) -> float:
    return epochs_to(ours, stock) / epochs_to(stock, stock)


def resampled(one: np.ndarray, other: np.ndarray, ratio: Callable[[np.ndarray, np.ndarray], float]) -> tuple[str, str]:
    """A ratio of two methods, and its interval when the searches of both are drawn again."""
    generator = np.random.default_rng(0)

    def again(values: np.ndarray) -> np.ndarray:
        return values[generator.integers(len(values), size=len(values))]

    low, high = np.quantile([ratio(again(one), again(other)) for _ in range(DRAWS)], [0.025, 0.975], method="nearest")
    return f"{ratio(one, other):.2f}", f"[{low:.2f}, {high:.2f}]".replace("inf", "never")


def first_within(trace: np.ndarray, regret: float, end: int) -> int:
    """The first epoch, up to `end`, after which the regret is that small; 0 where there is none."""
    reached = trace[:end] <= regret
    return int(reached.argmax()) + 1 if reached.any() else 0


def _head(columns: Sequence[str]) -> list[str]:
    return [_row(columns), "| --- " * len(columns) + "|"]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _mean(values: np.ndarray) -> str:
    low, high = interval(values)
    return f"{MILLI * values.mean():.1f} [{MILLI * low:.1f}, {MILLI * high:.1f}]"
