"""An interrupted sweep goes on as if nothing had happened."""

import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
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
    start_sweep,
    trial_folders,
    wait_until,
)
from views import recorded_tables, tensorboard_curves, tensorboard_texts, wandb_steps, wandb_tables

from results.record.sweeps import read_sweep
from results.record.trial_log import read_samples
from trainable.contract import SAMPLES_FILE

TWIN_FLAGS = (*QUADRATIC, "--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1)


def assert_views_are_whole(sweep: Path) -> None:
    for trial in trial_folders(sweep):
        epochs = list(range(1, len(rows(trial)) + 1))
        assert [row["training_iteration"] for row in rows(trial)] == epochs
        assert [step for step, _ in tensorboard_curves(trial)["Val/Height"]] == epochs
        assert wandb_steps(trial) == epochs
        assert list(read_samples(trial)) == list(tensorboard_texts(trial)) == epochs
        assert wandb_tables(trial) == recorded_tables(trial)


def test_a_sweep_killed_at_any_moment_ends_as_its_uninterrupted_twin(
    quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    twin, _ = quadratic_sweep
    chance = random.Random(5)
    sweep, flags = tmp_path / "killed", ("--name", "killed", *TWIN_FLAGS, "--epoch_ms", 30)
    for more_epochs in (4, 17, 9):
        running, before = start_joined(tmp_path, *flags), epochs_recorded(sweep)
        wait_until(lambda wanted=before + more_epochs: epochs_recorded(sweep) >= wanted, running)  # type: ignore[misc]
        time.sleep(chance.uniform(0, 0.05))
        kill(running, sweep)
        flags = ("--resume", "killed")

    finished = sweep_here(tmp_path, *flags)

    assert finished.returncode == 0, finished.stderr
    assert curves(sweep) == curves(twin)
    assert_views_are_whole(sweep)
    shown = [(trial / SAMPLES_FILE).read_bytes() for trial in trial_folders(sweep)]
    assert shown == [(trial / SAMPLES_FILE).read_bytes() for trial in trial_folders(twin)]


def test_a_trial_that_is_saved_now_and_then_repeats_what_was_not_and_keeps_its_best(tmp_path: Path) -> None:
    sweep, num_epochs = tmp_path / "seldom", 16
    flags = (*QUADRATIC, "--num_samples", 1, "--num_epochs", num_epochs, "--wandb_mode", "disabled")
    running = start_joined(tmp_path, "--name", "seldom", *flags, "--checkpoint_every", 5, "--epoch_ms", 30)
    wait_until(lambda: epochs_recorded(sweep) >= 9, running)
    kill(running, sweep)
    assert sweep_here(tmp_path, "--resume", "seldom").returncode == 0

    uninterrupted = QuadraticRun(QuadraticSettings(), 0)
    heights = [uninterrupted.step()["Val/Height"] for _ in range(num_epochs)]
    (trial,) = trial_folders(sweep)
    assert [row["Val/Height"] for row in rows(trial)] == heights
    improved = [all(height > before for before in heights[:index]) for index, height in enumerate(heights)]
    saved = [better or epoch % 5 == 0 for epoch, better in enumerate(improved, start=1)]
    assert [row["checkpointed"] for row in rows(trial)] == saved
    assert 5 <= sum(saved) < num_epochs
    last_two = [epoch for epoch, is_saved in enumerate(saved, start=1) if is_saved][-2:]
    kept = {*last_two, heights.index(max(heights)) + 1}
    assert {folder.name for folder in trial.glob("checkpoint_*")} == {f"checkpoint_{epoch:06d}" for epoch in kept}
    assert not (trial / "workspace").exists()


def test_a_killed_sweep_of_the_joint_controller_repeats_no_finished_trial(
    digit_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    twin, _ = digit_sweep
    sweep = tmp_path / "b"
    flags = ("--num_samples", 4, "--num_epochs", 5, "--grace_period", 5, "--max_concurrent_trials", 1)
    running = start_sweep(tmp_path, "--name", "b", *flags)
    wait_until(lambda: epochs_recorded(sweep) >= 7, running)
    kill(running, sweep)
    first_as_it_was = (sweep / "trial_00000" / "result.json").read_bytes()

    finished = sweep_here(tmp_path, "--resume")

    assert finished.returncode == 0, finished.stderr
    assert (sweep / "trial_00000" / "result.json").read_bytes() == first_as_it_was
    of_killed, of_twin = curves(sweep), curves(twin)
    for number in ("trial_00000", "trial_00001"):  # proposed before any score was known, so alike at any concurrency
        assert of_killed[number] == of_twin[number]
    assert [len(rows(trial)) for trial in trial_folders(sweep)] == [5] * 4


@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGUSR1, 138)])
def test_a_signal_stops_the_sweep_in_order_and_says_how_to_go_on(
    sent: signal.Signals, status: int, quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    twin, _ = quadratic_sweep
    sweep, gate = tmp_path / "stopped", tmp_path / "gate"
    running = start_joined(tmp_path, "--name", "stopped", *TWIN_FLAGS, "--gate", gate, "--gate_epoch", 5)
    wait_until(lambda: epochs_recorded(sweep) >= 5, running)
    running.send_signal(sent)
    gate.touch()
    printed, _ = running.communicate(timeout=60)
    assert running.returncode == status
    assert epochs_recorded(sweep) < epochs_recorded(twin)
    assert f"Stopped by {sent.name}" in printed
    assert "run_sweep.py --resume stopped" in printed
    assert "so far, " in (sweep / "report.html").read_text(encoding="utf-8").lower()
    assert "Traceback" not in printed

    assert sweep_here(tmp_path, "--resume", "stopped").returncode == 0

    assert curves(sweep) == curves(twin)
    assert_views_are_whole(sweep)


def test_a_signal_before_the_first_trial_is_not_lost(tmp_path: Path) -> None:
    sweep = tmp_path / "early"
    running = start_joined(tmp_path, "--name", "early", *TWIN_FLAGS, "--gate", tmp_path / "gate")
    wait_until(lambda: (sweep / "environment.json").exists(), running)
    running.send_signal(signal.SIGTERM)
    printed, _ = running.communicate(timeout=60)
    assert running.returncode == 143, printed
    assert "Stopped by SIGTERM before a trial began; go on with: " in printed
    assert (sweep / "sweep.yaml").exists()


def test_a_second_signal_stops_at_once(tmp_path: Path) -> None:
    sweep = tmp_path / "twice"
    running = start_joined(tmp_path, "--name", "twice", *TWIN_FLAGS, "--gate", tmp_path / "gate")
    wait_until(lambda: (sweep / "trial_00000").is_dir(), running)
    running.send_signal(signal.SIGTERM)
    time.sleep(0.1)
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=60)
    assert running.returncode == 143


def test_a_second_driver_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    sweep, gate = tmp_path / "held", tmp_path / "gate"
    flags = ("--num_samples", 1, "--num_epochs", 2, "--gate", gate, "--gate_epoch", 1)
    running = start_joined(tmp_path, "--name", "held", *QUADRATIC, *flags)
    wait_until(lambda: epochs_recorded(sweep) >= 1, running)
    second = sweep_here(tmp_path, "--resume", "held")
    assert second.returncode == 2
    assert f"process {running.pid} on " in second.stderr
    gate.touch()
    printed, _ = running.communicate(timeout=120)
    assert running.returncode == 0, printed


def test_more_trials_and_another_space_can_be_asked_for_and_finished_ones_stay(tmp_path: Path) -> None:
    begun = sweep_here(tmp_path, "--name", "grows", *QUADRATIC, "--num_samples", 2, "--num_epochs", 3)
    assert begun.returncode == 0, begun.stderr
    before = curves(tmp_path / "grows")
    narrow = tmp_path / "narrow.py"
    narrow.write_text(
        "from optuna.distributions import FloatDistribution\nSPACE = {'target': FloatDistribution(0.69, 0.71)}\n",
        encoding="utf-8",
    )

    grown = sweep_here(tmp_path, "--resume", "grows", "--num_samples", 4, "--search_space", narrow)

    assert grown.returncode == 0, grown.stderr
    assert "num_samples: 2 -> 4" in grown.stdout
    after = curves(tmp_path / "grows")
    assert {name: after[name] for name in before} == before
    added = [params(trial) for trial in trial_folders(tmp_path / "grows")[2:]]
    assert len(added) == 2
    assert all(0.69 <= values["target"] <= 0.71 for values in added)
    (change,) = yaml.safe_load((tmp_path / "grows" / "sweep.yaml").read_text(encoding="utf-8"))["history"]
    assert any(line.startswith("search_space: ") for line in change["changes"])
    assert read_sweep(tmp_path / "grows").space == {"target": FloatDistribution(0.69, 0.71)}


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


def test_a_torn_line_is_said_cut_and_run_again(quadratic_sweep: tuple[Path, str], tmp_path: Path) -> None:
    twin, _ = quadratic_sweep
    sweep, gate = tmp_path / "torn", tmp_path / "gate"
    running = start_joined(tmp_path, "--name", "torn", *TWIN_FLAGS, "--gate", gate, "--gate_epoch", 5)
    wait_until(lambda: epochs_recorded(sweep) >= 5, running)
    kill(running, sweep)
    with (sweep / "trial_00000" / "result.json").open("rb+") as file:
        file.truncate(file.seek(0, 2) - 40)
    gate.touch()

    done = sweep_here(tmp_path, "--resume", "torn")

    assert done.returncode == 0, done.stderr
    assert "trial 0: goes on after epoch" in done.stdout
    assert curves(sweep) == curves(twin)
    assert_views_are_whole(sweep)


def test_a_change_that_would_mix_incomparable_trials_is_refused(quadratic_sweep: tuple[Path, str]) -> None:
    folder, _ = quadratic_sweep
    refused = sweep_here(folder.parent, "--resume", "twin", "--num_epochs", 24)
    assert refused.returncode == 2
    assert "--num_epochs 24 is not what the trials of --resume twin ran with (12)" in refused.stderr
    assert "--config" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
