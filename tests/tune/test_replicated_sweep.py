"""A search is followed by its finalists under a fresh seed, as trials of the same sweep, and its winner is judged on
test data: undisturbed, killed and resumed, extended."""

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from judged_quadratic import FAILS
from sweep_here import start_joined, sweep_here
from sweep_process import curve, kill, params, rows, trial_folders, wait_until
from views import tensorboard_curves

from results.analysis.comparison import Comparison
from results.record.on_test_data import read_on_test_data
from results.record.sweeps import SweepRecord, read_sweep
from trainable.contract import TEST_FILE
from tune.planning.plan import plan_new
from tune.request.command_line import parse_command_line
from tune.searching.replication import finalists

SEARCHED, EPOCHS, TOP = 6, 6, 2
FLAGS = (
    "--run", "judged_quadratic:KIND", "--num_epochs", EPOCHS, "--grace_period", 2, "--max_concurrent_trials", 1,
    "--replicate", TOP, "--wandb_mode", "disabled",
)  # fmt: skip


@dataclass(frozen=True)
class Ended:
    folder: Path
    printed: str

    @property
    def record(self) -> SweepRecord:
        return read_sweep(self.folder)


@pytest.fixture(scope="module")
def ended(tmp_path_factory: pytest.TempPathFactory) -> Ended:
    """A sweep that nothing has disturbed."""
    storage = tmp_path_factory.mktemp("ended")
    done = sweep_here(storage, "--name", "replicated", *FLAGS, "--num_samples", SEARCHED)
    assert done.returncode == 0, done.stderr
    return Ended(storage / "replicated", done.stdout)


@pytest.fixture
def copied(ended: Ended, tmp_path: Path) -> Path:
    return Path(shutil.copytree(ended.folder, tmp_path / "replicated"))


def told(sweep: Path) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    """Of each trial what it ran with and what came of it."""
    return [(params(trial), curve(trial)) for trial in trial_folders(sweep)]


def pairs(record: SweepRecord) -> list[tuple[str, int]]:
    return [(json.dumps(trial.setting, sort_keys=True), record.seed(trial)) for trial in record.replicates]


def test_the_finalists_run_to_their_end_under_the_next_seed_once_the_search_is_over(ended: Ended) -> None:
    record = ended.record
    assert record.replicate_numbers == frozenset({6, 7, 8})
    starting_values, best, second = finalists(record, TOP)
    assert [trial.setting for trial in record.replicates] == [best, starting_values, second]
    assert all(record.seed(trial) == 1 and len(trial.rows) == EPOCHS for trial in record.replicates)
    arrivals = [[row["arrival"] for row in trial.rows] for trial in record.trials]
    assert max(max(rows) for rows in arrivals[:SEARCHED]) < min(min(rows) for rows in arrivals[SEARCHED:])
    assert json.loads((ended.folder / "proposed.json").read_text(encoding="utf-8")) == {
        "trials": 9, "replicates": [6, 7, 8],
    }  # fmt: skip


def test_the_end_says_what_it_ranks_by_and_which_checkpoint_is_best(ended: Ended) -> None:
    winner = Comparison((ended.record,)).winner
    assert winner is not None
    (judged,) = winner.counted
    assert f"  then    the best {TOP} and the starting values again under a fresh seed" in ended.printed
    assert f"Best: trial {winner.trials[0].trial.number}, Val/Height {judged.score:.3f} under one fresh seed" in (
        ended.printed
    )
    assert f"trial_{judged.trial.number:05d}/checkpoint_" in ended.printed
    assert f"/{SEARCHED + TOP + 1} trials done" in ended.printed


def test_a_sweep_that_was_killed_while_finalists_ran_ends_as_if_it_had_not(ended: Ended, tmp_path: Path) -> None:
    sweep = tmp_path / "replicated"
    process = start_joined(tmp_path, "--name", "replicated", *FLAGS, "--num_samples", SEARCHED, "--epoch_ms", 60)
    wait_until(lambda: len(rows(sweep / "trial_00007")) >= 2, process)
    kill(process, sweep)
    assert len(rows(sweep / "trial_00007")) < EPOCHS

    resumed = sweep_here(tmp_path, "--resume", "replicated")

    assert resumed.returncode == 0, resumed.stderr
    assert told(sweep) == told(ended.folder)
    assert read_sweep(sweep).replicate_numbers == ended.record.replicate_numbers
    for trial in trial_folders(sweep):
        epochs = [row["training_iteration"] for row in rows(trial)]
        assert epochs == [*range(1, len(epochs) + 1)] == [step for step, _ in tensorboard_curves(trial)["Val/Height"]]
    assert read_on_test_data(sweep) == read_on_test_data(ended.folder)


def test_a_sweep_in_rounds_of_four_trials_is_the_same_sweep(
    ended: Ended, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tune.engine.rounds.TRIALS", 4)
    in_rounds = sweep_here(tmp_path, "--name", "replicated", *FLAGS, "--num_samples", SEARCHED)
    assert in_rounds.returncode == 0, in_rounds.stderr
    assert told(tmp_path / "replicated") == told(ended.folder)
    record = read_sweep(tmp_path / "replicated")
    assert [trial.promotions for trial in record.trials] == [trial.promotions for trial in ended.record.trials]
    assert [trial.proposal for trial in record.trials] == [trial.proposal for trial in ended.record.trials]
    assert record.replicate_numbers == ended.record.replicate_numbers
    for trial in record.trials:
        assert [step for step, _ in tensorboard_curves(trial.folder)["Val/Height"]] == [*range(1, len(trial.rows) + 1)]


def test_a_sweep_that_is_extended_proposes_what_it_would_have_and_runs_new_finalists_alone(
    copied: Path, tmp_path: Path
) -> None:
    flags = ("--resume", "replicated", "--num_samples", SEARCHED + 3)
    extended = sweep_here(copied.parent, *flags)
    at_once = sweep_here(tmp_path, "--name", "at_once", *FLAGS, "--num_samples", SEARCHED + 3)
    assert extended.returncode == at_once.returncode == 0, extended.stderr + at_once.stderr
    record, of_at_once = read_sweep(copied), read_sweep(tmp_path / "at_once")
    assert [trial.config for trial in record.search_trials] == [trial.config for trial in of_at_once.search_trials]
    assert [trial.number for trial in record.search_trials] == [*range(SEARCHED), 9, 10, 11]
    assert [curve(trial.folder) for trial in record.search_trials] == [
        curve(trial.folder) for trial in of_at_once.search_trials
    ]
    assert len(set(pairs(record))) == len(pairs(record))
    assert set(pairs(of_at_once)) <= set(pairs(record))
    assert told(copied)[SEARCHED : SEARCHED + TOP + 1] == [
        (params(trial), curve(trial)) for trial in trial_folders(copied)[SEARCHED : SEARCHED + TOP + 1]
    ]


def test_the_winner_is_judged_on_test_data_once(ended: Ended, copied: Path) -> None:
    winner = Comparison((ended.record,)).winner
    assert winner is not None
    (judged,) = winner.counted
    on_test_data = read_on_test_data(ended.folder)
    assert on_test_data is not None
    assert judged.best is not None
    assert (on_test_data.trial, on_test_data.epoch) == (judged.trial.number, judged.best["training_iteration"])
    assert on_test_data.judged is not None
    height = 1.0 - (judged.best["Train/Place"] - 0.6) ** 2
    assert on_test_data.judged.metrics == {"Val/Height": pytest.approx(height)}
    assert f"On test data, which no trial has seen: {height:.3f} (trial {judged.trial.number} after" in ended.printed

    (copied / FAILS).touch()
    again = sweep_here(copied.parent, "--resume", "replicated")
    assert (again.returncode, "could not be judged" in again.stdout) == (0, False)


def test_what_fails_in_judging_is_a_sentence_and_costs_the_sweep_nothing_else(copied: Path) -> None:
    (copied / TEST_FILE).unlink()
    (copied / FAILS).touch()
    failed = sweep_here(copied.parent, "--resume", "replicated")
    assert failed.returncode == 0, failed.stderr
    (line,) = (line for line in failed.stdout.splitlines() if "could not be judged" in line)
    assert line.endswith("on test data (RuntimeError: nobody knows the other parabola); all else is whole")
    assert "On test data" not in failed.stdout
    assert not (copied / TEST_FILE).exists()

    (copied / FAILS).unlink()
    mended = sweep_here(copied.parent, "--resume", "replicated")
    assert mended.returncode == 0, mended.stderr
    assert "On test data, which no trial has seen: " in mended.stdout
    assert "Nothing is left to do" in mended.stdout


def test_what_confirms_it_later_runs_under_seeds_that_its_finalists_have_not_had(ended: Ended, tmp_path: Path) -> None:
    flags = ["--storage_path", str(tmp_path), "--confirm", str(ended.folder), "--confirm_top", "1"]
    plan = plan_new(parse_command_line([*flags, "--confirm_seeds", "2"]))
    assert [trial["seed"] for trial in plan.params.values()] == [2, 2, 3, 3]
    assert [{**config, "seed": 1} for config in finalists(ended.record, 1)] == [
        {**trial, "seed": 1} for trial in list(plan.params.values())[:2]
    ]
    assert plan.settings.replicate == 0
