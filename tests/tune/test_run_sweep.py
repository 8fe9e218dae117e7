"""A real sweep of the joint controller, as a stranger would run it, and everything it leaves."""

import math
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import optuna
import pytest
import torch
import yaml
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from repeated_sweep import Repeated
from sweep_here import start_joined, sweep_here
from sweep_process import QUADRATIC, ROOT, curves, environment, params, rows, trial_folders
from views import tensorboard_curves, wandb_steps
from wandb_file import history, offline_runs, run_config, run_record, summary

from results.record.sweeps import read_sweep

METRICS = {
    "Train/Loss", "Train/Reward_Mean", "Train/Reward_Std", "Train/Accuracy_Mean", "Train/Accuracy_Std",
    "Train/Latency_Mean", "Train/Latency_Std", "Train/Budget_Violation_Rate", "Train/Entropy",
    "Train/Zero_Variance_Groups", "Val/Reward_Mean", "Val/Accuracy_Mean", "Val/Latency_Mean",
    "Val/Budget_Violation_Rate", "Val/In_Budget_Accuracy", "Val/Oracle_Gap", "Perf/Samples_Per_Second",
}  # fmt: skip

Sweep = tuple[Path, str]


def metrics_of(row: dict[str, float]) -> set[str]:
    return {name for name in row if name.startswith(("Train/", "Val/", "Perf/"))}


def test_the_first_trial_has_the_starting_values_and_is_never_stopped_early(digit_sweep: Sweep) -> None:
    first = digit_sweep[0] / "trial_00000"
    assert params(first) == {"lr": 1e-4, "group_size": 5, "budget_penalty": 10.0}
    assert len(rows(first)) == 5


def test_every_epoch_has_exactly_the_metrics_of_the_contract(digit_sweep: Sweep) -> None:
    for trial in trial_folders(digit_sweep[0]):
        for epoch, row in enumerate(rows(trial), start=1):
            assert row["training_iteration"] == epoch
            assert metrics_of(row) == METRICS
            assert row["config"] == params(trial)


def test_proposals_lie_in_the_search_space_and_differ(digit_sweep: Sweep) -> None:
    proposed = [params(trial) for trial in trial_folders(digit_sweep[0])[1:]]
    assert len({tuple(values.items()) for values in proposed}) == 3
    for values in proposed:
        assert 1e-5 <= values["lr"] <= 1e-2
        assert 2 <= values["group_size"] <= 32
        assert isinstance(values["group_size"], int)
        assert 0.1 <= values["budget_penalty"] <= 30


def test_the_record_tells_what_was_searched(digit_sweep: Sweep) -> None:
    space = read_sweep(digit_sweep[0]).space
    assert {name: dimension.log for name, dimension in space.items()} == {
        "lr": True, "group_size": False, "budget_penalty": True,
    }  # fmt: skip


def test_tensorboard_reads_the_same_numbers_as_result_json(digit_sweep: Sweep) -> None:
    for trial in trial_folders(digit_sweep[0]):
        shown, recorded = tensorboard_curves(trial), rows(trial)
        assert set(shown) == METRICS | {"Score"}
        for name in METRICS:
            assert [step for step, _ in shown[name]] == [row["training_iteration"] for row in recorded]
            for (_, value), row in zip(shown[name], recorded, strict=True):
                assert math.isclose(value, row[name], rel_tol=1e-6, abs_tol=1e-6)  # TensorBoard holds 32-bit floats


def test_each_offline_wandb_run_holds_every_epoch_under_the_names_of_the_contract(digit_sweep: Sweep) -> None:
    for trial in trial_folders(digit_sweep[0]):
        (run,) = offline_runs(trial)
        logged, recorded = history(run), rows(trial)
        assert [row["_step"] for row in logged] == [row["training_iteration"] for row in recorded]
        for shown, row in zip(logged, recorded, strict=True):
            assert {name: shown[name] for name in METRICS} == {name: row[name] for name in METRICS}
            assert metrics_of(shown) == METRICS
            assert shown["training_iteration"] == row["training_iteration"]


def test_a_wandb_run_says_what_it_is(digit_sweep: Sweep) -> None:
    trial = digit_sweep[0] / "trial_00001"
    (run,) = offline_runs(trial)
    record, config, values = run_record(run), run_config(run), params(trial)
    assert (record.project, record.job_type) == ("molmo-controller", "search")
    assert re.fullmatch("a-[0-9a-f]{6}", record.run_group)
    assert re.fullmatch(rf"grpo-g{values['group_size']}-lr{values['lr']:.3g}-\d{{8}}-\d{{6}}", record.display_name)
    assert {name: config[name] for name in values} == values
    assert config["seed"] == 0
    best = max(row["Val/In_Budget_Accuracy"] for row in rows(trial))
    assert summary(run)["score"] == best
    assert summary(run)["Val/In_Budget_Accuracy"] == rows(trial)[-1]["Val/In_Budget_Accuracy"]


def test_the_last_two_checkpoints_and_the_best_are_kept_and_load_without_unpickling_objects(digit_sweep: Sweep) -> None:
    for trial in trial_folders(digit_sweep[0]):
        scores = [row["Val/In_Budget_Accuracy"] for row in rows(trial)]
        best = scores.index(max(scores)) + 1
        checkpoints = {folder.name: folder for folder in trial.glob("checkpoint_*")}
        assert set(checkpoints) == {f"checkpoint_{epoch:06d}" for epoch in (best, 4, 5)}
        content = torch.load(checkpoints[f"checkpoint_{best:06d}"] / "checkpoint.pt", weights_only=True)
        assert (content["epoch"], content["score"]) == (best, max(scores))


def test_the_end_shows_the_table_the_gain_the_baselines_and_the_next_commands(digit_sweep: Sweep) -> None:
    folder, printed = digit_sweep
    scores = {t.name: max(row["Val/In_Budget_Accuracy"] for row in rows(t)) for t in trial_folders(folder)}
    best = max(scores, key=lambda name: scores[name])
    gain = scores[best] - scores["trial_00000"]
    assert f"Best: trial {int(best[-5:])}, Val/In_Budget_Accuracy {scores[best]:.3f}" in printed
    assert f"Gain over the starting values: {gain:+.3f}" in printed
    for line in ("random        0.347", "best fixed    0.576", "lookup table  0.586", "oracle        0.842"):
        assert line in printed
    shown = [float(value) for value in re.findall(r"(\d\.\d{3})\s+\d+/5", printed)]
    assert len(shown) == 4
    assert shown == sorted(shown, reverse=True)
    for command in ("tensorboard --logdir", "sync_wandb.py", "run_sweep.py --resume a", "compare_trials.py"):
        assert command in printed


def test_the_output_is_quiet_and_plain_when_it_is_no_terminal(digit_sweep: Sweep) -> None:
    _, printed = digit_sweep
    assert "4/4 trials done" in printed
    assert "\x1b" not in printed
    assert "wandb:" not in printed
    assert "WARNING" not in printed
    assert len(printed.splitlines()) < 45


def test_optuna_knows_every_trial_and_none_is_left_running(digit_sweep: Sweep) -> None:
    folder, _ = digit_sweep
    storage = JournalStorage(JournalFileBackend(str(folder / "optuna.journal")))
    trials = optuna.load_study(study_name="a", storage=storage).trials
    assert [trial.state.name for trial in trials] == ["COMPLETE"] * 4
    for trial, recorded in zip(trials, trial_folders(folder), strict=True):
        assert trial.params == params(recorded)
        assert trial.value == max(row["Val/In_Budget_Accuracy"] for row in rows(recorded))


def test_a_finished_sweep_has_nothing_left_to_do(digit_sweep: Sweep, tmp_path: Path) -> None:
    folder = shutil.copytree(digit_sweep[0], tmp_path / "a")
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*") if file.name == "result.json"}
    again = sweep_here(tmp_path, "--resume", "a")
    assert again.returncode == 0, again.stderr
    assert "Nothing is left to do" in again.stdout
    assert len(before) == 4
    assert {file: file.stat().st_mtime_ns for file in before} == before


def test_a_second_kind_of_run_is_swept_without_a_change(quadratic_sweep: Sweep) -> None:
    folder, printed = quadratic_sweep
    assert len(trial_folders(folder)) == 8
    assert "Best: trial" in printed
    assert "Val/Height" in printed
    assert "flat  0.500" in printed


def test_trials_that_fall_behind_are_paused_and_optuna_hears_of_it(quadratic_sweep: Sweep) -> None:
    folder, printed = quadratic_sweep
    epochs = [len(rows(trial)) for trial in trial_folders(folder)]
    assert epochs[0] == 12
    assert min(epochs) < 12
    assert "  paused\n" in printed
    assert "--resume twin" in printed.splitlines()[-1]
    assert "--promote 2" in printed.splitlines()[-1]
    storage = JournalStorage(JournalFileBackend(str(folder / "optuna.journal")))
    for trial, ran in zip(optuna.load_study(study_name="twin", storage=storage).trials, epochs, strict=True):
        assert trial.state.name == ("COMPLETE" if ran == 12 else "PRUNED")
        assert len(trial.intermediate_values) == ran


def test_sweep_yaml_repeats_the_sweep_under_a_new_name(repeated_sweep: Repeated, quadratic_sweep: Sweep) -> None:
    again = repeated_sweep.folder
    assert curves(again) == curves(quadratic_sweep[0])
    assert yaml.safe_load((again / "sweep.yaml").read_text(encoding="utf-8"))["name"] == again.name == "again"


def test_a_report_that_cannot_be_written_costs_a_line(quadratic_sweep: Sweep, tmp_path: Path) -> None:
    sweep = tmp_path / "twin"
    shutil.copytree(quadratic_sweep[0], sweep)
    (sweep / "report.html").unlink()
    (sweep / "report.html").mkdir()
    done = sweep_here(tmp_path, "--resume", "twin")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"All but the report .*report.html cannot be written \(Is a directory\); .*: python", done.stdout)
    assert "Nothing is left to do: all 8 trials have ended." in done.stdout


def test_a_reader_that_has_gone_costs_the_sweep_nothing(tmp_path: Path) -> None:
    """As of `run_sweep.py | head -3`, or of a `tee` that is killed."""
    flags = ("--num_samples", 2, "--num_epochs", 2, "--max_concurrent_trials", 1, "--wandb_mode", "disabled")
    running = start_joined(tmp_path, "--name", "unread", *QUADRATIC, *flags)
    assert running.stdout
    running.stdout.close()
    assert running.wait(timeout=100) == 0
    assert [len(rows(trial)) for trial in trial_folders(tmp_path / "unread")] == [2, 2]
    assert (tmp_path / "unread" / "report.html").exists()


def test_disabled_wandb_leaves_no_run_heeds_no_variable_and_says_what_sends_it_later(tmp_path: Path) -> None:
    done = sweep_here(
        tmp_path, "--name", "quiet", *QUADRATIC, "--num-samples", 1, "--num-epochs=2", "--wandb_mode", "disabled",
        WANDB_INIT_TIMEOUT="30s",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert not (tmp_path / "quiet" / "trial_00000" / "wandb").exists()
    (command,) = re.findall(r"^Send to W&B +(python .*)$", done.stdout, re.MULTILINE)
    sent = subprocess.run(
        [sys.executable, *shlex.split(command)[1:], "--mode", "offline"],
        env=environment(WANDB_PROJECT="mine"),
        cwd=ROOT,
    )
    assert sent.returncode == 0
    (file,) = offline_runs(tmp_path / "quiet" / "trial_00000")
    assert (run_record(file).project, len(history(file))) == ("mine", 2)


@pytest.mark.parametrize("mode", ["offline", "disabled"])
def test_wandb_mode_of_the_environment_is_followed(mode: str, quadratic_sweep: Sweep, tmp_path: Path) -> None:
    """By a sweep with nothing left to do, of which W&B lacks a trial."""
    trial = shutil.copytree(quadratic_sweep[0], tmp_path / "env") / "trial_00000"
    shutil.rmtree(trial / "wandb")
    (mark,) = trial.glob(".wandb*")
    mark.unlink()
    done = sweep_here(tmp_path, "--resume", "env", WANDB_MODE=mode)
    assert done.returncode == 0, done.stderr
    assert (wandb_steps(trial) == [*range(1, 13)]) if mode == "offline" else not (trial / "wandb").exists()


def test_a_wandb_server_that_does_not_answer_costs_the_sweep_nothing(tmp_path: Path) -> None:
    done = sweep_here(
        tmp_path, "--name", "alone", *QUADRATIC, "--num_samples", 2, "--num_epochs", 3, "--wandb_mode", "online",
        "--upload_checkpoints", "all", "--scheduler", "none", "--max_concurrent_trials", 1,
        WANDB_BASE_URL="http://127.0.0.1:9", WANDB_API_KEY="local" + "0" * 40,
        WANDB_INIT_TIMEOUT="5",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "W&B did not take everything" in done.stdout
    for trial in trial_folders(tmp_path / "alone"):  # for when it does answer
        assert [folder.name for folder in sorted(trial.glob("checkpoint_*"))] == [
            f"checkpoint_00000{n}" for n in (1, 2, 3)
        ]
    assert all(wandb_steps(trial) == [1, 2, 3] for trial in trial_folders(tmp_path / "alone"))
