"""The winner on test data: once, when the sweep has ended, and again only where another setting or epoch has won."""

import math
from collections.abc import Callable
from pathlib import Path

import ray
from ray import cloudpickle
from ray.exceptions import RayError, RayTaskError

from results.analysis.comparison import Comparison
from results.record.on_test_data import OnTestData, read_on_test_data, write_on_test_data
from results.record.sweeps import SweepRecord
from results.record.trial.record import TrialRecord
from results.storage.store import open_store
from trainable import contract
from trainable.on_test_data import has_test_data, judged_on_test_data
from trainable.runs import RunKind, WorkerContext
from trainable.runs.choosing import is_in_file, source_files
from tune.cluster.allotment import Allotment
from tune.cluster.local_ray import first_line
from tune.planning.plan import Plan

SECONDS_BETWEEN_LOOKS = 0.2


def winner_to_judge(kind: RunKind, record: SweepRecord) -> tuple[TrialRecord, int, Path] | None:
    """The trial, the epoch and the checkpoint that are to be judged on test data; None where nothing is.

    Test data are for a choice that has been made: a winner is judged once fresh seeds have confirmed it.
    """
    winner = Comparison((record,)).winner
    if winner is None or not winner.is_confirmed or not has_test_data(kind):
        return None
    judged = winner.counted[0]
    checkpoint = record.best_checkpoint(judged.trial)
    if judged.best is None or checkpoint is None:
        return None
    epoch = judged.best[contract.EPOCH]
    known = read_on_test_data(record.folder)
    of_known = (known.trial, known.epoch, known.fingerprint) if known else None
    is_known = of_known == (judged.trial.number, epoch, record.data["fingerprint"])
    return None if is_known else (judged.trial, epoch, checkpoint)


def judge_winner(
    plan: Plan,
    record: SweepRecord,
    allotment: Allotment,
    is_interrupted: Callable[[], bool],
    say: Callable[[str], object],
) -> None:
    """Judge it, where it is to be, in a task of Ray's with a trial's resources, and record what came out.

    Args:
        plan: its data in Ray's object store.
        is_interrupted: whether to wait no longer; then nothing is recorded.
        say: called with a sentence where it could not be judged.
    """
    wanted = winner_to_judge(plan.settings.run_kind, record)
    if wanted is None:
        return
    trial, epoch, checkpoint = wanted
    gpus = allotment.gpus_per_trial
    context = WorkerContext(
        max(1, int(allotment.cpus_per_trial)),
        tuple(f"cuda:{index}" for index in range(math.ceil(gpus))) or ("cpu",),
        min(1.0, gpus or 1.0),
        precision=plan.settings.precision,
    )
    run, address = plan.settings.run, plan.settings.store_address
    store = open_store(address).below(trial.folder.name) if address else None
    judge = ray.remote(judged_on_test_data).options(
        num_cpus=allotment.cpus_per_trial, num_gpus=gpus, max_retries=0, label_selector=allotment.elsewhere
    )
    task = judge.remote(
        run,
        source_files(run) if is_in_file(run) else None,
        cloudpickle.dumps(plan.settings.run_settings),
        trial.setting,
        plan.data.ref,
        context,
        checkpoint,
        store,
    )
    while not ray.wait([task], timeout=SECONDS_BETWEEN_LOOKS)[0]:
        if is_interrupted():
            ray.cancel(task, force=True)
            return
    try:
        judged = ray.get(task)
    except RayError as error:
        cause = error.cause if isinstance(error, RayTaskError) and error.cause else error
        say(
            f"Trial {trial.number} could not be judged on test data ({type(cause).__name__}: {first_line(cause)}); "
            "all else is whole"
        )
        return
    write_on_test_data(record.folder, OnTestData(trial.number, epoch, record.data["fingerprint"], judged))
