"""A sweep against the running model, from an empty store: killed once, gone on with, and replayed from what it left."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from door import run_beside_the_tests
from made_once import made_once
from shipped_store import MODEL, QUESTIONS
from sweep_here import start_joined, sweep_here
from sweep_process import epochs_recorded, kill, params, rows, trial_folders, wait_until
from views import tensorboard_curves

from results.listing.next_commands import evaluate_command, train_command
from results.record.sweeps import read_sweep
from trainable import evaluate
from trainable.contract import PERF_CELLS_MEASURED, PERF_CELLS_REUSED
from trainable.grpo.controller_data import live_data
from trainable.grpo.live_environment import RunningModel
from trainable.grpo.run import GRPORun
from trainable.grpo.settings import GRPOSettings
from trainable.measuring.store import MeasuredStore
from trainable.settings_fields import with_values

TRIALS, EPOCHS, GROUP_SIZE = 4, 3, 8
KNOBS = {"tier": ["low", "high"], "top_k": [1, 8], "num_active_blocks": [4, 8, 16]}
SPACE = """
from optuna.distributions import FloatDistribution

SPACE = {"lr": FloatDistribution(1e-3, 3e-2, log=True), "budget_penalty": FloatDistribution(0.3, 3.0, log=True)}
"""

Records = Mapping[str, tuple[str, ...]]
"""The lines of each configuration's file that are measurements."""


@dataclass(frozen=True)
class Swept:
    """What a live sweep left."""

    sweep: Path
    store: Path
    at_the_kill: Records
    printed: str


def records(store: Path) -> Records:
    """What a store holds, byte for byte."""
    return {
        file.name: tuple(line.lstrip(",") for line in file.read_text(encoding="utf-8").splitlines() if '"pred"' in line)
        for file in store.glob("digit-vqa/*.json")
    }


def swept(folder: Path) -> Swept:
    """A search of one trial at a time, killed as the second one trains."""
    store, sweep = folder / "store", folder / "live"
    (folder / "knobs.json").write_text(json.dumps(KNOBS), encoding="utf-8")
    (folder / "space.py").write_text(SPACE, encoding="utf-8")
    flags = (
        "--name", "live", "--num_samples", TRIALS, "--num_epochs", EPOCHS, "--scheduler", "none",
        "--search_space", folder / "space.py", "--group_size", GROUP_SIZE, "--max_concurrent_trials", 1,
        "--wandb_mode", "disabled",
        "--environment", "live", "--model_path", MODEL, "--dataset", QUESTIONS, "--store", store,
        "--max_samples", 40, "--reference_samples", 4, "--configurations", folder / "knobs.json",
    )  # fmt: skip
    begun = start_joined(folder, *flags)
    wait_until(lambda: epochs_recorded(sweep) > EPOCHS, begun)
    kill(begun, sweep)
    at_the_kill = records(store)
    finished = sweep_here(folder, "--resume", "live")
    assert finished.returncode == 0, finished.stderr
    return Swept(sweep, store, at_the_kill, finished.stdout)


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Swept:
    return made_once(tmp_path_factory, "live_sweep", swept)


def without_clocks(row: Mapping[str, Any]) -> dict[str, float]:
    """What a row says of the training."""
    return {name: value for name, value in row.items() if name.startswith(("Train/", "Val/"))}


def test_a_killed_live_sweep_ends_with_every_epoch_and_loses_no_measurement(live: Swept) -> None:
    assert [len(rows(trial)) for trial in trial_folders(live.sweep)] == [EPOCHS] * TRIALS
    after = records(live.store)
    assert live.at_the_kill
    for name, before in live.at_the_kill.items():
        assert after[name][: len(before)] == before


def test_no_cell_is_measured_twice(live: Swept) -> None:
    for name, lines in records(live.store).items():
        ids = Counter(json.loads(line)["metadata"]["question_id"] for line in lines)
        assert set(ids.values()) == {1}, name


def test_a_further_trial_measures_what_no_other_has(live: Swept) -> None:
    trials = [rows(trial) for trial in trial_folders(live.sweep)]
    measured = [sum(row[PERF_CELLS_MEASURED] for row in trial) for trial in trials]
    assert measured[0] > measured[2] + measured[3]
    assert all(row[PERF_CELLS_MEASURED] + row[PERF_CELLS_REUSED] > 0 for trial in trials for row in trial)
    shown = tensorboard_curves(trial_folders(live.sweep)[0])[PERF_CELLS_MEASURED]
    assert [value for _, value in shown] == [row[PERF_CELLS_MEASURED] for row in trials[0]]
    store = MeasuredStore.open(live.store)
    reference = len(store.contents.reference) * len(store.contents.configurations)
    # What an epoch had measured that the kill took, another found in the store.
    assert sum(measured) <= sum(map(len, records(live.store).values())) - reference


def test_the_store_repeats_every_trial_to_the_bit(live: Swept) -> None:
    data, before = live_data(MeasuredStore.open(live.store)), records(live.store)
    settings = GRPOSettings(environment="live", model_path="/no/model/is/needed", dataset="/nor/are/questions")
    model = RunningModel(settings, "cpu")
    for trial in trial_folders(live.sweep):
        run = GRPORun(with_values(settings, params(trial) | {"group_size": GROUP_SIZE}), data, 0, "cpu", model)
        again = [run.step() for _ in range(EPOCHS)]
        assert [*map(without_clocks, again)] == [*map(without_clocks, rows(trial))]
        assert {row[PERF_CELLS_MEASURED] for row in again} == {0.0}
    assert records(live.store) == before


def test_a_single_training_on_the_store_is_the_trial_again(live: Swept, tmp_path: Path) -> None:
    record = read_sweep(live.sweep)
    best = record.ranked()[0]
    command = train_command(record, best)
    assert command
    finished = run_beside_the_tests(tmp_path, *command.split()[2:], "--output_dir", str(tmp_path / "alone"))
    assert finished.returncode == 0, finished.stderr
    alone = rows(tmp_path / "alone")
    assert [*map(without_clocks, alone)] == [*map(without_clocks, rows(best.folder)[: len(alone)])]


def test_what_people_read_says_what_is_left_out_and_why(live: Swept) -> None:
    data = read_sweep(live.sweep).data
    assert "no baselines and no gap to the oracle until every training and validation cell is" in data["summary"]
    assert data["baselines"] == []
    assert data["summary"] in live.printed
    assert {PERF_CELLS_MEASURED, PERF_CELLS_REUSED} <= {metric["name"] for metric in data["metrics"]}
    assert all("Val/Oracle_Gap" not in row for trial in trial_folders(live.sweep) for row in rows(trial))


def test_the_winner_is_judged_on_what_its_store_holds(live: Swept, capsys: pytest.CaptureFixture[str]) -> None:
    record = read_sweep(live.sweep)
    command = evaluate_command(record, record.ranked()[0])
    assert command
    arguments = command.split()[2:]
    assert evaluate.main([part for part in arguments if part not in ("--split", "test")]) == 0
    printed = capsys.readouterr().out
    assert "Chosen among what is measured: " in printed
    assert "validation cells are not measured; the command in " in printed
    assert "Trained on an" not in printed  # as of another profile
    assert "Trained on other" not in printed

    assert evaluate.main(arguments) == 2  # nothing of the test split was asked for
    assert " test cells are not measured; the command in " in capsys.readouterr().err
