"""The searcher: what runs next, as the record tells.

In this order: trials that were interrupted; one that is promoted from where it was paused; a new proposal; and, once
none of these can come any more, or a cap of the sweep's has ended the search, the replicates of the finalists. What is
decided lies on the disk before anybody hears of it: a proposal in its trial's folder, a promotion in that of the trial
that goes on.

A proposal that is refused costs no trial: it is recorded with its reason, and drawn again from (seed, n, attempt).
"""

import dataclasses
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from ray.tune.search import Searcher

from results.record.refusals import Refusal, write_refusals
from results.record.sweeps import SweepRecord, write_proposed
from results.record.trial.failures import read_failure
from results.record.trial.log import write_params
from results.record.trial.promotions import Promotion, add_promotion
from results.record.trial.proposals import Proposal, write_proposal
from results.record.trial.record import TrialRecord
from trainable import contract
from trainable.ranking import Row
from tune.engine.rounds import Round
from tune.sampling.told import ToldTrial, TrialState, as_told
from tune.searching.promotion import PromotingASHA
from tune.searching.spending import Spending

MOST_REFUSED_IN_A_ROW = 100
"""Of the proposals for one trial; then the space, or what is fixed beside it, is to be mended."""
SECONDS_OF_DRAWING = 0.5
"""Without a proposal that stands, while trials run: Ray's loop, which waits meanwhile, then looks after them and asks
again."""


class Propose(Protocol):
    """The plan's way to draw a proposal; see `tune.sampling.proposing`."""

    def __call__(self, number: int, told: Sequence[ToldTrial], refused: Sequence[Mapping[str, Any]]) -> Proposal | None:
        """None where there is nothing more to try, as in a grid that is used up."""


def gave_up(record: SweepRecord) -> bool:
    """Whether the next trial's proposals have all been refused, so often that the sweep ended.

    A sweep that goes on draws as many again.
    """
    refused = sum(refusal.number == record.num_proposals for refusal in record.refusals)
    return refused > 0 and refused % MOST_REFUSED_IN_A_ROW == 0


class RecordedSearch(Searcher):
    """Hands out trials, under whatever id Ray has for them."""

    def __init__(
        self,
        record: SweepRecord,
        propose: Propose,
        why_refused: Callable[[Mapping[str, Any]], str],
        replicates_wanted: Callable[[], Sequence[Mapping[str, Any]]],
        asha: PromotingASHA | None,
        num_rows: Callable[[], int],
        spending: Spending,
        room: Callable[[], int],
        this_round: Round,
        say: Callable[[str], object],
    ) -> None:
        """
        Args:
            propose: draws the proposal of a number over the trials before it.
            why_refused: why no trial can have the hyperparameters that it is given; empty where one can.
            replicates_wanted: asked once the search is over, and again whenever a trial has ended.
            asha: who is to go on of the trials that are paused; None where none pauses.
            num_rows: how many rows the sweep has recorded.
            spending: what the sweep has taken, and whether that ends its search.
            room: how many trials may run at a time by now.
            this_round: nothing is handed out any more when it ends.
            say: called with a sentence for each new kind of reason.
        """
        super().__init__(metric=record.metric, mode=record.mode)
        self._record, self._propose, self._why_refused = record, propose, why_refused
        self._replicates_wanted, self._asha, self._num_rows, self._say = replicates_wanted, asha, num_rows, say
        self._spending, self._room, self._round = spending, room, this_round
        self._refusals = list(record.refusals)
        self._gave_up, self._has_tried_all = False, False
        self._next_number = record.proposed
        self._replicate_numbers = set(record.replicate_numbers)
        self._open = deque(trial for trial in record.trials if trial.is_open)
        self._wanted: deque[Mapping[str, Any]] = deque()
        """Replicates to be handed out."""
        self._may_want_more = True
        """Whether nobody has been asked for replicates since a trial has ended: the answer is read from the disk."""
        self._numbers: dict[str, int] = {}
        self._running: set[int] = set()
        self._told: dict[int, ToldTrial] = {trial.number: as_told(record, trial) for trial in record.search_trials}
        """The trials of the search by number, the first one first: what a sampler is told of them."""

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles its searcher, and this one is built from the record."""
        return {}

    def number_of(self, trial_id: str) -> int:
        """The trial's number in the sweep; Ray's id lives for one session only."""
        return self._numbers[trial_id]

    @property
    def told(self) -> list[ToldTrial]:
        """What a sampler is told of the search's trials, in their order."""
        return [*self._told.values()]

    def is_replicate(self, number: int) -> bool:
        return number in self._replicate_numbers

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:
        """The hyperparameters of the trial that is to run; None where it is not known yet whether there is one."""
        if self._round.is_ending:
            return str(Searcher.FINISHED)
        if len(self._running) >= self._room():
            return None
        is_over = bool(self._spending.why_over())
        if (trial := self._interrupted()) is not None:
            # As it was recorded, also where the run's kind would refuse it by now: it was trained so far as it is.
            return self._handed_out(trial_id, trial.number, trial.config)
        if not is_over and self._asha and (number := self._asha.next_promotion()) is not None:
            return self._promoted(trial_id, number)
        if not is_over and (found := self._proposed()) is not None:
            number = self._next_number
            self._told[number] = ToldTrial(found.hyperparameters, TrialState.RUNNING, proposal=found)
            return self._begun(trial_id, found.hyperparameters, found)
        if self._gave_up:
            return str(Searcher.FINISHED)
        if not self._wanted and self._may_want_more and self._is_search_over():
            self._may_want_more = False
            self._wanted.extend(self._replicates_wanted())
        if self._wanted and self._spending.room >= 1 and not self._spending.is_out_of_time:
            self._replicate_numbers.add(self._next_number)
            return self._begun(trial_id, dict(self._wanted.popleft()))
        return None if self._running else str(Searcher.FINISHED)

    def on_trial_result(self, trial_id: str, result: dict[str, Any]) -> None:
        self._note(self._numbers[trial_id], result)
        self._spending.hear(self._numbers[trial_id], result)

    def on_trial_complete(self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False) -> None:
        """Note what became of a trial."""
        number = self._numbers[trial_id]
        self._running.discard(number)
        self._may_want_more = True
        # A failure lies in the record by now; in the result its keys are "failure/kind" and the like.
        failed = error or not result or read_failure(self._folder(number)) is not None
        if result and not failed:
            self._note(number, result)
            self._spending.hear(number, result)
        is_capped = result is not None and result.get(contract.PAUSED) == contract.CAP
        self._spending.end(number, failed=failed, goes_on=is_capped)
        if number not in self._told:
            return
        told = self._told[number]
        if failed:
            state = TrialState.FAILED
        elif result and result.get(contract.PAUSED) == contract.LAID_DOWN:
            return
        elif result and contract.PAUSED in result:
            state = TrialState.PAUSED
            if self._asha and result[contract.PAUSED] == contract.RUNG:
                self._asha.wait(number)
        else:
            state = TrialState.COMPLETED if told.epochs >= self._record.num_epochs else TrialState.STOPPED
        self._told[number] = dataclasses.replace(told, state=state)

    def _note(self, number: int, row: Row) -> None:
        """Take an epoch in, unless it repeats one after a lost worker."""
        if (told := self._told.get(number)) and row[contract.EPOCH] > told.epochs:
            objective = self._record.objective
            best = objective.better(told.best, objective.ranked_by(row))
            self._told[number] = dataclasses.replace(told, epochs=row[contract.EPOCH], best=best)

    def _handed_out(self, trial_id: str, number: int, config: dict[str, Any]) -> dict[str, Any]:
        self._numbers[trial_id] = number
        self._running.add(number)
        self._round.handed_out.add(number)
        self._spending.begin(number, config, is_replicate=self.is_replicate(number))
        return config

    def _interrupted(self) -> TrialRecord | None:
        """The next that goes on."""
        for trial in self._open:
            if self._spending.lets_go_on(trial.number):
                self._open.remove(trial)
                return trial
        return None

    def _promoted(self, trial_id: str, number: int) -> dict[str, Any]:
        assert self._asha
        told = self._told[number]
        add_promotion(self._folder(number), Promotion(told.epochs, self._num_rows()))
        self._asha.promote(number)
        self._told[number] = dataclasses.replace(told, state=TrialState.RUNNING)
        return self._handed_out(trial_id, number, dict(told.config))

    def _begun(self, trial_id: str, config: dict[str, Any], proposal: Proposal | None = None) -> dict[str, Any]:
        """A new trial: on the disk, with its number, when this returns."""
        number = self._next_number
        folder = self._folder(number)
        write_params(folder, config)
        if proposal:
            write_proposal(folder, proposal)
        self._next_number += 1
        write_proposed(self._record.folder, self._next_number, self._replicate_numbers)
        return self._handed_out(trial_id, number, config)

    def _proposed(self) -> Proposal | None:
        """The next proposal that stands; None where none is left, none was drawn in time, or the searcher gives up."""
        if self._proposes_no_more():
            return None
        number = self._num_proposals
        end, recorded = time.monotonic() + SECONDS_OF_DRAWING, len(self._refusals)
        while True:
            refused = [refusal.hyperparameters for refusal in self._refusals if refusal.number == number]
            found = self._propose(number, self.told, refused)
            if found is None:
                self._has_tried_all = True
                break
            reason = self._why_refused(found.hyperparameters) if number else ""
            if not reason:
                break
            self._refuse(Refusal(number, len(refused), found.hyperparameters, reason))
            self._gave_up = (len(refused) + 1) % MOST_REFUSED_IN_A_ROW == 0
            found = None
            if self._gave_up or (self._running and time.monotonic() >= end):
                break
        if len(self._refusals) > recorded:
            write_refusals(self._record.folder, self._refusals)
        return found

    @property
    def _num_proposals(self) -> int:
        return self._next_number - len(self._replicate_numbers)

    def _proposes_no_more(self) -> bool:
        return self._num_proposals >= self._record.num_samples or self._gave_up or self._has_tried_all

    def _is_search_over(self) -> bool:
        """Whether its trials have all ended, and none will be proposed or promoted any more."""
        proposes_no_more = self._proposes_no_more() or self._spending.why_over()
        return bool(proposes_no_more) and self._running.isdisjoint(self._told)

    def _refuse(self, refusal: Refusal) -> None:
        if refusal.kind not in {earlier.kind for earlier in self._refusals}:
            self._say(f"trial {refusal.number}: a proposal is refused and drawn again: {refusal.reason}")
        self._refusals.append(refusal)

    def _folder(self, number: int) -> Any:
        return self._record.folder / contract.trial_folder_name(number)
