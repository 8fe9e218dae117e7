"""Optuna's storage: live and written anew it shows the same, a paused trial goes on, and replicates are not there."""

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
from made_up_sweep import write_sweep
from optuna.distributions import FloatDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from results.record.refusals import Refusal, write_refusals
from results.record.space import write_space
from results.record.sweeps import read_sweep
from results.record.trial.failures import Failure, write_failure
from results.record.trial.log import TrialLog, write_params
from results.record.trial.promotions import Promotion, add_promotion
from trainable import contract
from trainable.contract import PAUSED, RUNG
from trainable.system_errors import DiskError
from tune.callbacks.optuna_study import OptunaStudyCallback

METRIC, EPOCHS = "Val/Height", 4


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    write_sweep(tmp_path, [], metric=METRIC, mode="max", num_epochs=EPOCHS, num_samples=10, scheduler="promote")
    write_space(tmp_path, {"target": FloatDistribution(0.0, 1.0)})
    return tmp_path


def following(sweep: Path) -> OptunaStudyCallback:
    callback = OptunaStudyCallback(read_sweep(sweep))
    callback.begin()
    return callback


def ray_trial(number: int) -> SimpleNamespace:
    return SimpleNamespace(storage=SimpleNamespace(trial_dir_name=contract.trial_folder_name(number)))


def run(callback: OptunaStudyCallback, sweep: Path, number: int, values: list[float], **last: Any) -> None:
    """Epochs of a trial, as the recorder and Ray would have them; `last` are columns of the last one's row."""
    folder, trial = sweep / contract.trial_folder_name(number), ray_trial(number)
    if not folder.exists():
        write_params(folder, {"target": number / 10})
    log = TrialLog(folder)
    callback.log_trial_start(trial)
    for index, value in enumerate(values, start=1):
        row = {contract.EPOCH: len(log.rows) + 1, METRIC: value, contract.CHECKPOINTED: False}
        log.append(row | (last if index == len(values) else {}))
        callback.log_trial_result(0, trial, log.rows[-1])
    callback.log_trial_end(trial)


def shown(sweep: Path) -> list[tuple[str, float | None, dict[int, float]]]:
    """What optuna-dashboard would."""
    storage = JournalStorage(JournalFileBackend(str(sweep / contract.OPTUNA_FILE)))
    study = optuna.load_study(study_name=sweep.name, storage=storage)
    return [(trial.state.name, trial.values and trial.values[0], trial.intermediate_values) for trial in study.trials]


def test_live_and_written_anew_it_shows_the_best_epoch_what_was_stopped_what_failed_and_what_was_refused(
    sweep: Path,
) -> None:
    callback = following(sweep)
    run(callback, sweep, 0, [0.1, 0.7, 0.3, 0.2], done=True)
    run(callback, sweep, 1, [0.4, 0.2], done=True)
    write_refusals(sweep, [Refusal(2, 0, {"target": 0.9}, "out of reach")])
    run(callback, sweep, 2, [math.nan, 0.1, 0.1, 0.1], done=True)
    write_params(sweep / contract.trial_folder_name(3), {"target": 2.0})  # outside of the space
    write_failure(sweep / contract.trial_folder_name(3), Failure(contract.DIVERGED, 1, "loss is nan"))
    run(callback, sweep, 3, [])

    wanted = [
        ("COMPLETE", 0.7, {1: 0.1, 2: 0.7, 3: 0.7, 4: 0.7}),
        ("PRUNED", 0.4, {1: 0.4, 2: 0.4}),
        ("FAIL", None, {}),  # what was refused, before the trial that stood in its place
        ("COMPLETE", 0.1, {2: 0.1, 3: 0.1, 4: 0.1}),
        ("FAIL", None, {}),
    ]
    assert shown(sweep) == wanted
    following(sweep)
    assert shown(sweep) == wanted


def test_a_paused_trial_runs_until_it_has_ended_or_the_sweep_has(sweep: Path) -> None:
    callback = following(sweep)
    run(callback, sweep, 0, [0.1, 0.5], done=False, **{PAUSED: RUNG})
    run(callback, sweep, 1, [0.2, 0.3], done=False, **{PAUSED: RUNG})
    assert [state for state, *_ in shown(sweep)] == ["RUNNING", "RUNNING"]
    add_promotion(sweep / contract.trial_folder_name(1), Promotion(2, 4))
    run(callback, sweep, 1, [0.6, 0.9], done=True)
    callback.end()
    assert shown(sweep) == [
        ("PRUNED", 0.5, {1: 0.1, 2: 0.5}),
        ("COMPLETE", 0.9, {1: 0.2, 2: 0.3, 3: 0.6, 4: 0.9}),
    ]


def test_a_replicate_is_no_proposal_and_is_not_shown(sweep: Path) -> None:
    callback = following(sweep)
    write_params(sweep / contract.trial_folder_name(0), {"target": 0.5, "seed": 1})
    run(callback, sweep, 0, [0.1, 0.2, 0.3, 0.4], done=True)
    assert shown(sweep) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a file whose disk is always full")
def test_a_full_disk_under_it_is_known_as_the_sweeps(sweep: Path) -> None:
    callback = following(sweep)
    write_params(sweep / contract.trial_folder_name(0), {"target": 0.5})
    journal = sweep / contract.OPTUNA_FILE
    journal.unlink()
    journal.symlink_to("/dev/full")
    with pytest.raises(DiskError):
        callback.log_trial_start(ray_trial(0))
