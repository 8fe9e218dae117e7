"""An interrupted sweep goes on as if nothing had happened."""

import os
import random
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from made_once import made_once
from optuna.distributions import FloatDistribution
from quadratic_run import QuadraticRun, QuadraticSettings
from sweep_here import start_joined, sweep_here
from sweep_process import (
    QUADRATIC,
    curves,
    epochs_recorded,
    kill,
    params,
    rows,
    trial_folders,
    wait_for_workers,
    wait_until,
)
from views import recorded_tables, tensorboard_curves, tensorboard_texts, wandb_steps, wandb_tables

from results.record.sweeps import read_sweep
from results.record.trial.log import read_samples
from results.record.trial.promotions import read_promotions
from trainable.contract import SAMPLES_FILE

TWIN_FLAGS = (*QUADRATIC, "--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1)
SELDOM_EPOCHS = 16
"""Of a trial that is saved now and then; from 11 to 14 none is saved."""


def assert_views_are_whole(sweep: Path) -> None:
    for trial in trial_folders(sweep):
        epochs = list(range(1, len(rows(trial)) + 1))
        assert [row["training_iteration"] for row in rows(trial)] == epochs
        assert [step for step, _ in tensorboard_curves(trial)["Val/Height"]] == epochs
        assert wandb_steps(trial) == epochs
        assert list(read_samples(trial)) == list(tensorboard_texts(trial)) == epochs
        assert wandb_tables(trial) == recorded_tables(trial)


def promoted_from(sweep: Path) -> dict[str, list[int]]:
    """After which epochs each trial went on, having been paused."""
    return {trial.name: [one.epoch for one in read_promotions(trial)] for trial in trial_folders(sweep)}


@dataclass(frozen=True)
class Stop:
    """What a signal left."""

    status: int
    printed: str
    epochs: int
    page: str = ""


@dataclass(frozen=True)
class Interrupted:
    """A sweep that met all that can end a driver, one after the other, and was finished then."""

    folder: Path
    before_a_trial: Stop
    first: int
    """A driver's process."""
    second: "subprocess.CompletedProcess[str]"
    """Another driver, beside it."""
    epochs: tuple[int, int]
    """Recorded when the second had ended, and thereafter."""
    in_order: Mapping[str, Stop]
    """By the signal's name."""


@contextmanager
def interrupting(sent: signal.Signals, sweep: Path, gate: Path) -> Iterator[None]:
    """Send this process a signal once its sweep has recorded an epoch; it cannot end in the meantime."""
    before, is_over = epochs_recorded(sweep), threading.Event()

    def interrupt() -> None:
        while not is_over.wait(0.02):
            if epochs_recorded(sweep) > before:
                gate.unlink()
                os.kill(os.getpid(), sent)
                gate.touch()
                return

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def page_of(sweep: Path) -> str:
    return (sweep / "report.html").read_text(encoding="utf-8").lower()


def interrupted_sweep(storage: Path) -> Interrupted:
    sweep, gate, go_on = storage / "stopped", storage / "gate", ("--resume", "stopped")
    running = start_joined(storage, "--name", "stopped", *TWIN_FLAGS, "--gate", gate, "--gate_epoch", 5)
    wait_until(lambda: (sweep / "environment.json").exists(), running)
    running.send_signal(signal.SIGTERM)
    printed, _ = running.communicate(timeout=60)
    before_a_trial = Stop(running.returncode, printed, epochs_recorded(sweep))

    running = start_joined(storage, *go_on)
    wait_until(lambda: epochs_recorded(sweep) >= 5, running)  # of the first trial, which waits at the gate
    kill(running, sweep)
    with (sweep / "trial_00000" / "result.json").open("rb+") as file:
        file.truncate(file.seek(0, 2) - 40)

    running = start_joined(storage, *go_on)
    wait_until(lambda: epochs_recorded(sweep) >= 5, running)
    second, beside = sweep_here(storage, *go_on), epochs_recorded(sweep)
    gate.touch()
    wait_until(lambda: epochs_recorded(sweep) > beside, running)
    epochs = beside, epochs_recorded(sweep)
    gate.unlink()
    running.send_signal(signal.SIGINT)
    gate.touch()
    printed, _ = running.communicate(timeout=60)
    in_order = {"SIGINT": Stop(running.returncode, printed, epochs_recorded(sweep), page_of(sweep))}
    first = running.pid

    running, before = start_joined(storage, *go_on), epochs_recorded(sweep)
    wait_until(lambda: epochs_recorded(sweep) >= before + 17, running)
    time.sleep(random.Random(5).uniform(0, 0.05))
    kill(running, sweep)

    with interrupting(signal.SIGUSR1, sweep, gate):
        here = sweep_here(storage, *go_on)
    in_order["SIGUSR1"] = Stop(here.returncode, here.stdout + here.stderr, epochs_recorded(sweep), page_of(sweep))

    finished = sweep_here(storage, *go_on)
    assert finished.returncode == 0, finished.stderr
    return Interrupted(sweep, before_a_trial, first, second, epochs, in_order)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Interrupted:
    return made_once(tmp_path_factory, "interrupted_sweeps", interrupted_sweep)


def test_a_sweep_killed_at_any_moment_ends_as_its_uninterrupted_twin(
    interrupted: Interrupted, quadratic_sweep: tuple[Path, str]
) -> None:
    sweep, (twin, _) = interrupted.folder, quadratic_sweep
    assert curves(sweep) == curves(twin)
    assert_views_are_whole(sweep)
    assert promoted_from(sweep) == promoted_from(twin)
    assert sum(map(len, promoted_from(twin).values())) >= 2
    shown = [(trial / SAMPLES_FILE).read_bytes() for trial in trial_folders(sweep)]
    assert shown == [(trial / SAMPLES_FILE).read_bytes() for trial in trial_folders(twin)]


@pytest.mark.parametrize(("sent", "status"), [("SIGINT", 130), ("SIGUSR1", 138)])
def test_a_signal_stops_the_sweep_in_order_and_says_how_to_go_on(
    sent: str, status: int, interrupted: Interrupted, quadratic_sweep: tuple[Path, str]
) -> None:
    stop = interrupted.in_order[sent]
    assert stop.status == status, stop.printed
    assert stop.epochs < epochs_recorded(quadratic_sweep[0])
    assert f"Stopped by {sent}" in stop.printed
    assert "run_sweep.py --resume stopped" in stop.printed
    assert "so far, " in stop.page
    assert "Traceback" not in stop.printed


def test_a_signal_before_the_first_trial_is_not_lost(interrupted: Interrupted) -> None:
    stop = interrupted.before_a_trial
    assert stop.status == 143, stop.printed
    assert "Stopped by SIGTERM before a trial began; go on with: " in stop.printed
    assert stop.epochs == 0


def test_a_second_driver_is_refused_and_the_first_goes_on(interrupted: Interrupted) -> None:
    assert interrupted.second.returncode == 2
    assert f"process {interrupted.first} on " in interrupted.second.stderr
    before, after = interrupted.epochs
    assert after > before


def test_a_torn_line_is_said_cut_and_run_again(interrupted: Interrupted, quadratic_sweep: tuple[Path, str]) -> None:
    assert "trial 0: goes on after epoch 4; " in interrupted.in_order["SIGINT"].printed
    assert curves(interrupted.folder)["trial_00000"] == curves(quadratic_sweep[0])["trial_00000"]


@dataclass(frozen=True)
class StoppedAtOnce:
    """A sweep that is saved now and then, whose only trial hung when two signals came; it was finished then."""

    folder: Path
    status: int
    resumed: str
    """What the resume printed."""


def stopped_at_once(storage: Path) -> StoppedAtOnce:
    sweep, gate = storage / "twice", storage / "gate"
    running = start_joined(
        storage, "--name", "twice", *QUADRATIC, "--num_samples", 1, "--num_epochs", SELDOM_EPOCHS,
        "--wandb_mode", "disabled", "--checkpoint_every", 5, "--gate", gate, "--gate_epoch", 14,
    )  # fmt: skip
    wait_until(lambda: epochs_recorded(sweep) >= 14, running)
    running.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    wait_for_workers(sweep)
    gate.touch()
    resumed = sweep_here(storage, "--resume", "twice")
    assert resumed.returncode == 0, resumed.stderr
    return StoppedAtOnce(sweep, running.returncode, resumed.stdout)


@pytest.fixture(scope="module")
def hung(tmp_path_factory: pytest.TempPathFactory) -> StoppedAtOnce:
    return made_once(tmp_path_factory, "hung_sweeps", stopped_at_once)


def test_a_second_signal_stops_at_once(hung: StoppedAtOnce) -> None:
    assert hung.status == 143


def test_a_trial_that_is_saved_now_and_then_repeats_what_was_not_and_keeps_its_best(hung: StoppedAtOnce) -> None:
    assert "trial 0: goes on after epoch 10; " in hung.resumed
    uninterrupted = QuadraticRun(QuadraticSettings(), 0)
    heights = [uninterrupted.step()["Val/Height"] for _ in range(SELDOM_EPOCHS)]
    (trial,) = trial_folders(hung.folder)
    assert [row["Val/Height"] for row in rows(trial)] == heights
    improved = [all(height > before for before in heights[:index]) for index, height in enumerate(heights)]
    saved = [better or epoch % 5 == 0 for epoch, better in enumerate(improved, start=1)]
    assert [row["checkpointed"] for row in rows(trial)] == saved
    assert 5 <= sum(saved) < SELDOM_EPOCHS
    last_two = [epoch for epoch, is_saved in enumerate(saved, start=1) if is_saved][-2:]
    kept = {*last_two, heights.index(max(heights)) + 1}
    assert {folder.name for folder in trial.glob("checkpoint_*")} == {f"checkpoint_{epoch:06d}" for epoch in kept}
    assert not (trial / "workspace").exists()


def test_a_killed_sweep_of_the_joint_controller_repeats_no_finished_trial(
    digit_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    twin, _ = digit_sweep
    sweep = tmp_path / "b"
    flags = ("--num_samples", 2, "--num_epochs", 5, "--grace_period", 5, "--max_concurrent_trials", 1)
    running = start_joined(tmp_path, "--name", "b", *flags, "--wandb_mode", "disabled")
    wait_until(lambda: epochs_recorded(sweep) >= 7, running)
    kill(running, sweep)
    first_as_it_was = (sweep / "trial_00000" / "result.json").read_bytes()

    finished = sweep_here(tmp_path, "--resume")

    assert finished.returncode == 0, finished.stderr
    assert (sweep / "trial_00000" / "result.json").read_bytes() == first_as_it_was
    of_killed, of_twin = curves(sweep), curves(twin)
    for number in ("trial_00000", "trial_00001"):  # proposed before any score was known, so alike at any concurrency
        assert of_killed[number] == of_twin[number]
    assert [len(rows(trial)) for trial in trial_folders(sweep)] == [5] * 2


def test_more_trials_and_another_space_can_be_asked_for_and_finished_ones_stay(
    quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    shutil.copytree(quadratic_sweep[0], tmp_path / "grows")
    before = curves(tmp_path / "grows")
    narrow = tmp_path / "narrow.py"
    narrow.write_text(
        "from optuna.distributions import FloatDistribution\nSPACE = {'target': FloatDistribution(0.69, 0.71)}\n",
        encoding="utf-8",
    )

    flags = ("--num_samples", 10, "--search_space", narrow, "--wandb_mode", "disabled")
    grown = sweep_here(tmp_path, "--resume", "grows", *flags)

    assert grown.returncode == 0, grown.stderr
    assert "num_samples: 8 -> 10" in grown.stdout
    after = curves(tmp_path / "grows")
    for name, (config, epochs) in before.items():  # with more trials, one that was paused may be promoted
        assert (after[name][0], after[name][1][: len(epochs)]) == (config, epochs)
    added = [params(trial) for trial in trial_folders(tmp_path / "grows")[8:]]
    assert len(added) == 2
    assert all(0.69 <= values["target"] <= 0.71 for values in added)
    (change,) = yaml.safe_load((tmp_path / "grows" / "sweep.yaml").read_text(encoding="utf-8"))["history"]
    assert any(line.startswith("search_space: ") for line in change["changes"])
    assert read_sweep(tmp_path / "grows").space == {"target": FloatDistribution(0.69, 0.71)}


def test_the_best_paused_trials_go_on_when_they_are_asked_for(
    quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    shutil.copytree(quadratic_sweep[0], tmp_path / "paused")
    before = read_sweep(tmp_path / "paused")
    waiting = [trial for trial in before.trials if trial.is_paused]
    assert len(waiting) >= 3
    highest = max(len(trial.rows) for trial in waiting)
    best = max((trial for trial in waiting if len(trial.rows) == highest), key=lambda trial: before.score(trial) or 0)

    done = sweep_here(tmp_path, "--resume", "paused", "--promote", 1, "--replicate", 0)

    assert done.returncode == 0, done.stderr
    assert f"trial {best.number}: goes on after epoch {highest}" in done.stdout
    after = read_sweep(tmp_path / "paused")
    gone_on = [trial.number for trial in after.trials if len(trial.rows) > len(before.trials[trial.number].rows)]
    assert gone_on == [best.number]
    assert after.trials[best.number].rows[:highest] == best.rows
    assert wandb_steps(best.folder) == list(range(1, len(after.trials[best.number].rows) + 1))
    refused = sweep_here(tmp_path, "--name", "x", "--promote", 1)
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "--promote needs --resume" in refused.stderr


def test_a_sweep_from_which_trials_were_removed_is_finished_without_them(
    quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    sweep = tmp_path / "gaps"
    shutil.copytree(quadratic_sweep[0], sweep)
    for removed in ("trial_00000", "trial_00003", "trial_00007"):
        shutil.rmtree(sweep / removed)
    there = curves(sweep)
    (sweep / "trial_foo").mkdir()

    done = sweep_here(tmp_path, "--resume", "gaps")

    assert done.returncode == 0, done.stderr
    for number in (0, 3, 7):
        assert f"trial {number} is missing: its folder was removed; the sweep goes on without it" in done.stdout
    assert "Nothing is left to do: all 5 trials have ended" in done.stdout
    (sweep / "trial_foo").rmdir()
    assert curves(sweep) == there
    refused = sweep_here(tmp_path, "--confirm", "gaps")
    assert refused.returncode == 2
    assert "its trial 0 is missing" in refused.stderr


@pytest.mark.parametrize(
    ("broken", "sentence"),
    [(Path.unlink, "it has no params.json; restore it"), (lambda file: file.write_bytes(b""), "not readable as JSON")],
)
def test_a_trial_without_its_hyperparameters_is_named_and_nobody_elses_training_goes_on_in_its_folder(
    broken: Callable[[Path], object], sentence: str, quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    shutil.copytree(quadratic_sweep[0], tmp_path / "torn")
    broken(tmp_path / "torn" / "trial_00007" / "params.json")
    refused = sweep_here(tmp_path, "--resume", "torn")
    assert refused.returncode == 2
    assert "trial_00007" in refused.stderr
    assert sentence in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_change_that_would_mix_incomparable_trials_is_refused(
    quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    shutil.copytree(quadratic_sweep[0], tmp_path / "twin")
    refused = sweep_here(tmp_path, "--resume", "twin", "--num_epochs", 24)
    assert refused.returncode == 2
    assert "--num_epochs 24 is not what the trials of --resume twin ran with (12)" in refused.stderr
    assert "--config" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
