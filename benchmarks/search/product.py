"""The project's own search, by its own code: its proposals, its schedulers, its prior; one worker, no Ray."""

from dataclasses import dataclass, replace

from search.played import PlayedSearch
from search.starting import starting_values
from search_spaces import Prior
from search_spaces.choose import load_space
from trainable import contract
from trainable.ranking import Objective, Row
from tune.sampling.proposing import Search, propose
from tune.sampling.samplers import ChosenSampler
from tune.sampling.told import ToldTrial, TrialState
from tune.searching.halving import StoppingASHA
from tune.searching.promotion import PromotingASHA

SHIPPED, AT_THE_START, NO_PRIOR = "shipped", "at the starting values", "none"
"""A space's own prior; one whose centre is bad on purpose; none."""
WIDTH = 0.2
"""Of the bad prior, as the shipped ones have it."""
PRIOR_TRIALS = 5


@dataclass(frozen=True)
class Ours:
    """The product's search; the values here are its defaults."""

    scheduler: str = "promote"
    reduction_factor: int = 3
    grace_period: int = 3
    sampler: str = "tpe"
    prior: str = SHIPPED
    start: bool = True
    """Whether the starting values are the first trial, which is never stopped."""

    def __call__(self, search: PlayedSearch, seed: int) -> None:
        _Search(self, search, seed).run()


class _Search:
    def __init__(self, how: Ours, search: PlayedSearch, seed: int) -> None:
        self._how, self._search = how, search
        self._metric = search.landscape.origin.metric
        self._told: list[ToldTrial] = []
        self._first = 0 if how.start else 1
        """The number of the first trial; trial 0 would be the starting values."""
        space = load_space(search.landscape.origin.space)
        start = starting_values(space.distributions)
        if how.prior == AT_THE_START:
            space = replace(space, prior={name: Prior(value, WIDTH) for name, value in start.items()})
        self._proposing = Search(
            space=space,
            objective=Objective((self._metric,), ("max",)),
            seed=seed,
            sampler=ChosenSampler(how.sampler),
            first=start,
            prior_trials=0 if how.prior == NO_PRIOR else PRIOR_TRIALS,
        )

    def run(self) -> None:
        search, how = self._search, self._how
        schedule = self._proposing.objective, search.num_epochs, how.grace_period, how.reduction_factor
        match how.scheduler:
            case "promote":
                self._promote(PromotingASHA(*schedule))
            case "asha":
                self._stop(StoppingASHA(*schedule))

    def _promote(self, asha: PromotingASHA) -> None:
        while True:
            number = asha.next_promotion()
            if number is None:
                number = self._begin()
            else:
                asha.promote(number)
            pauses = False
            while not pauses and self._epochs(number) < self._search.num_epochs:
                pauses = asha.reaches_rung(number, self._train(number))
            if pauses:
                asha.wait(number)
            self._tell(number, TrialState.PAUSED if pauses else TrialState.COMPLETED)

    def _stop(self, asha: StoppingASHA) -> None:
        while True:
            number, stops = self._begin(), False
            while not stops and self._epochs(number) < self._search.num_epochs:
                stops = asha.stops(number, self._train(number))
            self._tell(number, TrialState.STOPPED if stops else TrialState.COMPLETED)

    def _begin(self) -> int:
        """The number of a new trial, whose hyperparameters follow from what has been told."""
        number = len(self._told) + self._first
        proposal = propose(self._proposing, number, self._told)
        assert proposal is not None
        self._search.begin(proposal.hyperparameters)
        self._told.append(ToldTrial(proposal.hyperparameters, TrialState.RUNNING, proposal=proposal))
        return number

    def _train(self, number: int) -> Row:
        score = self._search.train(number - self._first)
        return {contract.EPOCH: self._epochs(number), self._metric: score}

    def _epochs(self, number: int) -> int:
        return self._search.trials[number - self._first].epochs

    def _tell(self, number: int, state: TrialState) -> None:
        """What the next proposal is told of a trial that has ended, for now at least."""
        index = number - self._first
        trial = self._search.trials[index]
        best = {contract.EPOCH: trial.scores.index(trial.best) + 1, self._metric: trial.best}
        self._told[index] = replace(self._told[index], state=state, epochs=trial.epochs, best=best)
