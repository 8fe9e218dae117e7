"""Proposals: drawn from (seed, number) over the record, on disk before they are handed out, adopted after a crash."""

import json
import math
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml
from optuna.distributions import FloatDistribution
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from ray.tune.utils.util import flatten_dict

from results.record.atomic_write import DiskFull
from results.record.failures import Failure, write_failure
from results.record.space import write_space
from results.record.sweeps import read_sweep
from results.record.trial_log import TrialLog
from trainable import contract
from tune.engine.searcher import RecordedSearch

SPACE = {"target": FloatDistribution(0.0, 1.0), "rate": FloatDistribution(0.05, 1.0, log=True)}
FIRST = {"target": 2.0, "rate": 0.1}  # a target outside the space, as starting values may be
METRIC, EPOCHS = "Val/Height", 3


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    return begin(tmp_path, seed=0)


def begin(folder: Path, seed: int) -> Path:
    settings = {"metric": METRIC, "mode": "max", "num_epochs": EPOCHS, "num_samples": 10, "seed": seed}
    (folder / contract.SWEEP_FILE).write_text(yaml.safe_dump(settings))
    write_space(folder, SPACE)
    return folder


def searcher(sweep: Path) -> RecordedSearch:
    return RecordedSearch(read_sweep(sweep), FIRST)


def height(config: dict[str, Any], epoch: int) -> float:
    return 1.0 - (config["target"] - 0.7) ** 2 - 0.1 / epoch


def run_trial(sweep: Path, search: RecordedSearch, ray_id: str, epochs: int = EPOCHS) -> dict[str, Any]:
    """What a sweep does with a proposal: rows to the record and to the searcher, then its end."""
    config = search.suggest(ray_id)
    assert isinstance(config, dict)
    folder = sweep / contract.trial_folder_name(search.number_of(ray_id))
    log = TrialLog(folder)
    for epoch in range(1, epochs + 1):
        row = {contract.EPOCH: epoch, METRIC: height(config, epoch), "done": epoch == epochs}
        log.append(row)
        if epoch < epochs:
            search.on_trial_result(ray_id, row)
    (folder / contract.checkpoint_folder_name(epochs)).mkdir()
    search.on_trial_complete(ray_id, row)
    return config


def study(search: RecordedSearch) -> optuna.Study:
    """What optuna-dashboard would open."""
    storage = JournalStorage(JournalFileBackend(str(search._record.folder / contract.OPTUNA_FILE)))
    return optuna.load_study(study_name=search._record.folder.name, storage=storage)


def states(search: RecordedSearch) -> list[str]:
    return [trial.state.name for trial in study(search).trials]


def test_the_first_proposal_is_the_starting_values(sweep: Path) -> None:
    assert searcher(sweep).suggest("x") == FIRST


def test_a_restarted_searcher_proposes_what_an_uninterrupted_one_would(sweep: Path, tmp_path_factory: Any) -> None:
    uninterrupted = searcher(sweep)
    wanted = [run_trial(sweep, uninterrupted, f"a{number}", epochs=2 + number % 2) for number in range(9)]

    other = begin(tmp_path_factory.mktemp("other"), seed=0)
    got = [run_trial(other, searcher(other), f"b{number}", epochs=2 + number % 2) for number in range(9)]

    assert got == wanted


def test_proposals_are_those_of_the_sweeps_that_were_begun_before(sweep: Path) -> None:
    """Of the first version, which subclassed Ray's OptunaSearch: trial 2 is a random one, 7 and 8 are TPE's."""
    search = searcher(sweep)
    proposed = [run_trial(sweep, search, f"a{number}", epochs=2 + number % 2) for number in range(9)]
    assert proposed[2] == pytest.approx({"target": 0.8852714752954074, "rate": 0.8773344910934219})
    assert proposed[7] == pytest.approx({"target": 0.2567636087477968, "rate": 0.970365534584359})
    assert proposed[8] == pytest.approx({"target": 0.49349638186486644, "rate": 0.05291906301983654})


def test_another_seed_proposes_other_trials(sweep: Path, tmp_path_factory: Any) -> None:
    other = begin(tmp_path_factory.mktemp("other"), seed=1)
    run_trial(sweep, searcher(sweep), "a")
    run_trial(other, searcher(other), "a")
    assert searcher(sweep).suggest("b") != searcher(other).suggest("b")


def test_a_proposal_that_never_ran_is_the_next_trial_after_a_crash(sweep: Path) -> None:
    before = searcher(sweep)
    run_trial(sweep, before, "a")
    proposed = before.suggest("b")
    after = searcher(sweep)
    assert after.suggest("c") == proposed
    assert after.number_of("c") == 1
    assert states(after) == ["COMPLETE", "RUNNING"]


def test_a_proposal_is_on_disk_before_it_is_handed_out(sweep: Path) -> None:
    proposed = searcher(sweep).suggest("a")
    assert json.loads((sweep / "trial_00000" / "params.json").read_text()) == proposed


def test_optuna_is_told_the_best_epoch_of_a_complete_trial_and_of_a_stopped_one_that_it_was_pruned(sweep: Path) -> None:
    search = searcher(sweep)
    run_trial(sweep, search, "a")
    pruned = run_trial(sweep, search, "b", epochs=2)
    for source in (search, searcher(sweep)):  # as reported live, and as written anew from the record
        complete, stopped = study(source).trials
        assert complete.state == optuna.trial.TrialState.COMPLETE
        assert complete.value == height(FIRST, 3)
        assert stopped.state == optuna.trial.TrialState.PRUNED
        assert stopped.intermediate_values == {1: height(pruned, 1), 2: height(pruned, 2)}


def test_a_trial_that_diverged_or_failed_after_some_epochs_is_told_as_failed_and_proposals_go_on(sweep: Path) -> None:
    search = searcher(sweep)
    search.suggest("a")
    row = {contract.EPOCH: 1, METRIC: 0.5}
    TrialLog(sweep / "trial_00000").append(row)
    search.on_trial_result("a", row)
    write_failure(sweep / "trial_00000", Failure(contract.DIVERGED, 2, "loss is nan"))
    # As Ray tells a searcher of a result that holds {"failure": {"kind": ...}}.
    search.on_trial_complete("a", flatten_dict({contract.EPOCH: 1, "failure": {"kind": "diverged"}, "done": True}))
    assert states(search) == states(searcher(sweep)) == ["FAIL"]
    assert search.suggest("b")


def test_a_metric_that_is_not_a_number_leaves_no_trial_running(sweep: Path) -> None:
    search = searcher(sweep)
    search.suggest("a")
    search.on_trial_result("a", {contract.EPOCH: 1, METRIC: math.nan})
    search.on_trial_complete("a", {contract.EPOCH: 2, METRIC: math.nan, "done": True})
    assert states(search) == ["FAIL"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a file whose disk is always full")
def test_a_full_disk_under_optunas_journal_is_known_as_the_sweeps(sweep: Path) -> None:
    search = searcher(sweep)
    search.suggest("a")
    journal = sweep / contract.OPTUNA_FILE
    journal.unlink()
    journal.symlink_to("/dev/full")
    with pytest.raises(DiskFull):
        search.on_trial_result("a", {contract.EPOCH: 1, METRIC: 0.5})
