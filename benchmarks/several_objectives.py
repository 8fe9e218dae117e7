"""Two objectives and early stopping: what a search reaches for its epochs, and what a sampler is to be told of a trial
that paused at a rung.

    python benchmarks/several_objectives.py

Searches are played on a made-up landscape of two objectives, accuracy (up) and latency in ms (down), over the space of
the joint controller: what makes answers right makes them slow, slow learning rates need longer, and settings and epochs
have noise. Proposals, rungs and ranking are the product's own. What counts is the hypervolume of the measured Pareto
set at its true values; the table shows how much of the best possible one is missing, so less is better.

Optuna takes no values of an unfinished trial where there are several objectives, and its TPE takes all pruned ones as
equally bad there. So a paused trial is either told as one that ended with what it reached at its rung, or left out.
"""

import argparse
import itertools
import math
import random
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from results.record.trial.proposals import Proposal
from search_spaces.joint_controller import SPACE
from search_spaces.reading.searched import SearchSpace
from trainable import contract
from trainable.pareto import fronts, hypervolume
from trainable.ranking import Row, read_objective
from tune.sampling.proposing import Search, propose
from tune.sampling.samplers import ChosenSampler
from tune.sampling.told import ToldTrial, TrialState
from tune.searching.promotion import PromotingASHA

OBJECTIVE = read_objective("accuracy,latency_ms", "max,min")
LEAST, MOST = SPACE["budget_penalty"].low, SPACE["budget_penalty"].high
FIRST = {"lr": 1e-4, "group_size": 5, "budget_penalty": 10.0}
EPOCHS, GRACE_PERIOD, REDUCTION_FACTOR = 30, 3, 3
BUDGETS = (120, 240, 480)
"""Epochs of all trials after which a search is looked at."""
REFERENCE = (-0.3, 120.0)
"""Losses behind which nothing counts: an accuracy of .3, and 120 ms."""
NOISE = (0.004, 1.0)
"""Standard deviation of both objectives, of a setting's seed and of an epoch."""

Losses = tuple[float, float]


@dataclass(frozen=True)
class Method:
    """A search."""

    sampler: str = "tpe"
    pauses: bool = True
    tells_paused: bool = True
    """Whether the sampler is told of paused trials."""


METHODS = {
    "TPE, paused trials told with what they reached": Method(),
    "TPE, paused trials left out": Method(tells_paused=False),
    "TPE, nothing pauses": Method(pauses=False),
    "random": Method("random"),
    "random, nothing pauses": Method("random", pauses=False),
}


@dataclass
class Trial:
    """One trial of a search that is played."""

    proposal: Proposal
    luck: tuple[float, float]
    state: TrialState = TrialState.RUNNING
    epochs: int = 0
    best: Row | None = None
    best_losses: Losses = (math.inf, math.inf)
    """True ones, of its representative epoch."""


@dataclass
class Played:
    """A search and its trials so far."""

    search: Search
    method: Method
    chance: random.Random
    trials: list[Trial] = field(default_factory=list)
    asha: PromotingASHA = field(
        default_factory=lambda: PromotingASHA(OBJECTIVE, EPOCHS, GRACE_PERIOD, REDUCTION_FACTOR)
    )

    def next_trial(self) -> int:
        """The number of the one that goes on, or begins."""
        number = self.asha.next_promotion()
        if number is not None:
            self.asha.promote(number)
            self.trials[number].state = TrialState.RUNNING
            return number
        told = [
            ToldTrial(trial.proposal.hyperparameters, trial.state, trial.epochs, trial.best, trial.proposal)
            for trial in self.trials
            if self.method.tells_paused or trial.state is not TrialState.PAUSED
        ]
        proposal = propose(self.search, len(self.trials), told)
        assert proposal
        accuracy, latency_ms = (self.chance.gauss(0, sd) for sd in NOISE)
        self.trials.append(Trial(proposal, (accuracy, latency_ms)))
        return len(self.trials) - 1

    def run_epoch(self, number: int) -> None:
        trial = self.trials[number]
        trial.epochs += 1
        true = true_losses(trial.proposal.hyperparameters, trial.epochs)
        accuracy, latency_ms = (
            loss + luck + self.chance.gauss(0, sd) for loss, luck, sd in zip(true, trial.luck, NOISE, strict=True)
        )
        row = {contract.EPOCH: trial.epochs, "accuracy": -accuracy, "latency_ms": latency_ms}
        best = OBJECTIVE.better(trial.best, row)
        if best is row:
            trial.best, trial.best_losses = row, true
        if self.method.pauses and self.asha.reaches_rung(number, row) and trial.epochs < EPOCHS:
            self.asha.wait(number)
            trial.state = TrialState.PAUSED
        elif trial.epochs == EPOCHS:
            trial.state = TrialState.COMPLETED

    def reached(self) -> float:
        """The hypervolume of what a user would take: the measured Pareto set, at its true values."""
        ranked = [(OBJECTIVE.losses(trial.best), trial.best_losses) for trial in self.trials if trial.best]
        (best, *_) = fronts([measured for measured, _ in ranked])
        return hypervolume([ranked[index][1] for index in best], REFERENCE)


def true_losses(setting: Mapping[str, Any], epochs: int) -> Losses:
    """Without noise: -accuracy, and latency (ms)."""
    lr, penalty = math.log10(setting["lr"]), math.log(setting["budget_penalty"] / LEAST) / math.log(MOST / LEAST)
    left_to_learn = math.exp(-epochs / (3 * 10 ** max(0.0, -2.6 - 0.8 * lr)))
    accuracy = 0.66 - 0.05 * (lr + 3.2) ** 2 - 0.1 * penalty**2 - 0.02 * math.log2(setting["group_size"] / 10) ** 2
    latency_ms = 45 + 60 * (1 - penalty) ** 1.5 + 6 * (lr + 3) ** 2
    return 0.3 * left_to_learn - accuracy, latency_ms + 25 * left_to_learn


def most_possible(steps: int = 60) -> float:
    """The hypervolume of the best settings, after all epochs."""
    grid = itertools.product(range(steps), repeat=2)
    settings = (
        {
            "lr": 10 ** (-4.5 + 2.5 * i / (steps - 1)),
            "group_size": 10,
            "budget_penalty": LEAST * (MOST / LEAST) ** (j / (steps - 1)),
        }
        for i, j in grid
    )
    return hypervolume([true_losses(setting, EPOCHS) for setting in settings], REFERENCE)


def play(method: Method, seed: int) -> list[float]:
    """What one search has reached at each of the budgets."""
    search = Search(SearchSpace(dict(SPACE)), OBJECTIVE, seed, FIRST, ChosenSampler(method.sampler))
    played, reached, spent = Played(search, method, random.Random(f"noise/{seed}")), [], 0
    while spent < BUDGETS[-1]:
        number = played.next_trial()
        while played.trials[number].state is TrialState.RUNNING and spent < BUDGETS[-1]:
            played.run_epoch(number)
            spent += 1
            if spent in BUDGETS:
                reached.append(played.reached())
    return reached


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=100, help="searches of each method (default: 100)")
    args = parser.parse_args()
    most = most_possible()
    print("| method | " + " | ".join(f"missing at {budget} epochs" for budget in BUDGETS) + " |")
    print("| --- " * (1 + len(BUDGETS)) + "|")
    for name, method in METHODS.items():
        missing = [[1 - reached / most for reached in play(method, seed)] for seed in range(args.repetitions)]
        cells = [_cell(of_budget) for of_budget in zip(*missing, strict=True)]
        print(f"| {name} | {' | '.join(cells)} |", flush=True)


def _cell(shares: tuple[float, ...]) -> str:
    half_width = 1.96 * statistics.stdev(shares) / math.sqrt(len(shares))
    return f"{statistics.fmean(shares):.1%} ± {half_width:.1%}"


if __name__ == "__main__":
    main()
