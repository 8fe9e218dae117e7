"""The Ray side of a sweep: a Tuner built afresh from the plan and the record."""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import ray
from ray import cloudpickle, tune
from ray.tune import Callback
from ray.tune.stopper import Stopper

from results.mirror.elsewhere import Elsewhere
from results.record.sweeps import SweepRecord, read_again
from trainable import contract
from trainable.contract import UserError
from trainable.ranking import Row
from trainable.ray_trainable import InStore, RunTrainable
from trainable.runs.choosing import is_in_file, source_files
from tune.cluster.allotment import Room
from tune.cluster.local_ray import first_line
from tune.engine.left import rule_of, wanted_replicates
from tune.engine.packer import Packer
from tune.engine.ray_trials import settle_in, tell_rows
from tune.engine.rounds import Round
from tune.engine.scheduler import Pauses, SearchScheduler
from tune.engine.searcher import RecordedSearch
from tune.planning.plan import Plan
from tune.searching.promotion import PromotingASHA
from tune.searching.spending import Spending

LOST_WORKERS_PER_EPOCH = 3
"""A trial whose worker dies goes on from its checkpoint; it is given up when it dies this often without an epoch."""


class Recording(Protocol):
    """What the search hears from whoever records it."""

    @property
    def pauses(self) -> Pauses: ...

    @property
    def num_rows(self) -> int:
        """How many rows the sweep has recorded."""

    @property
    def seconds(self) -> float:
        """For how long trials have run by now, in all runs of the command."""

    def rows(self, number: int) -> Sequence[Row]:
        """What is recorded of a trial."""

    def is_hopeless(self) -> bool:
        """Asked after each result: whether to stop the whole sweep."""


class _Stopper(Stopper):
    """Stops a trial after its last epoch, and all of them when the round is over or there is no hope for the sweep.

    Ray asks it before anybody else hears of a result.
    """

    def __init__(
        self, num_epochs: int, hear: Callable[[str, dict[str, Any]], object], is_over: Callable[[], bool]
    ) -> None:
        self._num_epochs, self._hear, self._is_over = num_epochs, hear, is_over

    def __getstate__(self) -> dict[str, Any]:
        """Nothing: Ray pickles its stopper, and this one is built anew for each start."""
        return {}

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        self._hear(trial_id, result)
        return bool(result[contract.EPOCH] >= self._num_epochs)

    def stop_all(self) -> bool:
        return self._is_over()


def with_data_in_store(plan: Plan) -> Plan:
    """The plan, its data where all trials find it.

    Raises:
        UserError: it cannot be pickled.
    """
    try:
        return dataclasses.replace(plan, data=InStore(ray.put(plan.data)))
    except Exception as error:  # the user's own objects: whatever pickling them raises is the user's answer
        cause = error.__cause__ or error
        raise UserError(
            f"what the run's prepare gave cannot travel to the trials ({type(cause).__name__}: {first_line(cause)}); "
            "give what pickle takes, and have its load get the rest"
        ) from error


def build_tuner(
    plan: Plan,
    record: SweepRecord,
    this_round: Round,
    packer: Packer,
    recorder: Recording,
    elsewhere: Elsewhere | None,
    callbacks: Sequence[Callback],
    say: Callable[[str], object],
) -> tune.Tuner:
    """A Tuner built afresh from the record: what is finished never enters Ray.

    Args:
        plan: its data in Ray's object store.
        this_round: one of the callbacks, as is the recorder.
        packer: may end it.
        elsewhere: of a sweep that is kept in a store.
        say: called with a sentence for each kind of reason why a proposal was refused.
    """
    settings, rule = plan.settings, rule_of(plan.settings, record)
    asha = rule if isinstance(rule, PromotingASHA) else None

    def wanted() -> list[dict[str, Any]]:
        return wanted_replicates(read_again(record, this_round.handed_out), settings)

    def hear(trial_id: str, result: dict[str, Any]) -> None:
        packer.hear(searcher.number_of(trial_id), result, this_round)

    spending = Spending(record, settings.caps, settings.rule_to_stop, lambda: recorder.seconds)
    searcher = RecordedSearch(
        record,
        plan.propose,
        plan.why_refused,
        wanted,
        asha,
        lambda: recorder.num_rows,
        spending,
        Room(this_round.allotment),
        this_round,
        say,
    )
    trainable = tune.with_parameters(
        RunTrainable,
        run_kind=settings.run,
        run_files=source_files(settings.run) if is_in_file(settings.run) else None,
        settings=cloudpickle.dumps(settings.run_settings),
        objective=settings.objective,
        precision=settings.precision,
        measures_gpu_use=this_round.allotment.finds_packing,
        seed=settings.seed,
        num_epochs=settings.num_epochs,
        checkpoint_every=settings.checkpoint_every,
        rungs=asha.epochs if asha else [],
        data=plan.data,
        elsewhere=elsewhere,
    )

    def settled_in(trial: Any) -> str:
        number = searcher.number_of(trial.trial_id)
        if elsewhere:
            tell_rows(trial, recorder.rows(number), settings.objective.needed)
        return settle_in(trial, number)

    return tune.Tuner(
        tune.with_resources(trainable, this_round.allotment.placement),
        tune_config=tune.TuneConfig(
            search_alg=searcher,
            scheduler=SearchScheduler(rule, recorder.pauses, searcher.is_replicate, spending, this_round),
            num_samples=-1,  # the searcher says when there are no more: who is promoted, nobody knows before
            reuse_actors=settings.run_kind.reuses_worker,
            trial_dirname_creator=settled_in,
        ),
        run_config=tune.RunConfig(
            name=settings.name,
            storage_path=str(settings.folder.parent),
            stop=_Stopper(settings.num_epochs, hear, lambda: recorder.is_hopeless() or this_round.is_over),
            # The process that trains a run saves it with its epoch; through Ray that would be a call more each time.
            checkpoint_config=tune.CheckpointConfig(num_to_keep=None, checkpoint_at_end=False),
            failure_config=tune.FailureConfig(max_failures=LOST_WORKERS_PER_EPOCH),
            callbacks=list(callbacks),
            verbose=0,
        ),
    )
