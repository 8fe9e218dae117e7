"""The single run's command: what it leaves, how it goes on after every kind of end, and how it refuses."""

import csv
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from door import COMMAND, CORE_EXPERIMENT, DATASETS, environment, train_beside_the_tests, write_model
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from wandb_file import history, offline_runs, records, run_config, run_record, summary

from trainable import contract

PARAMS_OF_BEFORE = {
    "num_epochs": 2, "seed": 0, "device": "auto", "num_threads": 1,
    "use_wandb": False, "wandb_project": None, "wandb_entity": None, "wandb_name": None, "no_tensorboard": False,
    "dataset_names": [], "model_path": None, "trust_remote_code": False, "batch_size": 16, "recipe": "default",
    "latency_budget_min": None, "latency_budget_max": None, "updates_per_batch": 1, "clip_epsilon": 0.2,
    "kl_coefficient": 0.0, "entropy_coefficient": 0.03, "max_grad_norm": 1.0, "weight_decay": 0.1, "dropout": 0.1,
    "hidden_size": 64, "num_layers": 2, "lr": 0.01, "group_size": 5, "budget_penalty": 10.0,
    "created": "20261125-143447", "wandb_id": "f721822bef89",
}  # fmt: skip
"""What was recorded of a training before settings had roles, but for two paths."""
ENDLESS = ("--num_epochs=5000", "--use_wandb")
PROMISED = {
    *(f"Train/{name}" for name in ("Loss", "Reward_Mean", "Reward_Std", "Accuracy_Mean", "Accuracy_Std")),
    *(f"Train/{name}" for name in ("Latency_Mean", "Latency_Std", "Budget_Violation_Rate")),
    *(f"Val/{name}" for name in ("Reward_Mean", "Accuracy_Mean", "Latency_Mean", "Budget_Violation_Rate")),
}


def rows_of(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / "result.json").read_text(encoding="utf-8").splitlines()]


def numbers_of(folder: Path) -> list[dict[str, float]]:
    """The rows without what a clock measured."""
    return [{k: v for k, v in row.items() if k.startswith(("Train/", "Val/"))} for row in rows_of(folder)]


def epochs_everywhere(folder: Path) -> dict[str, list[int]]:
    """The steps that each record and view holds, in its own order."""
    (run,) = offline_runs(folder)
    events = EventAccumulator(str(folder)).Reload()
    found = {
        "result.json": [row[contract.EPOCH] for row in rows_of(folder)],
        "tensorboard": [event.step for event in events.Scalars("Train/Loss")],
        "wandb": [row["_step"] for row in history(run)],
    }
    for name in ("training_history.csv", "validation_history.csv"):
        with (folder / name).open(encoding="utf-8") as file:
            found[name] = [int(line["epoch"]) for line in csv.DictReader(file)]
    return found


@pytest.fixture(scope="module")
def uninterrupted(workplace: Path) -> Path:
    flags = ("--output_dir", "whole", "--num_epochs=30", "--lr=0.01", "--use_wandb=True")
    result = train_beside_the_tests(workplace, *flags, WANDB_MODE="offline")
    assert result.returncode == 0, result.stderr
    (workplace / "whole.out").write_text(result.stdout, encoding="utf-8")
    return workplace / "whole"


def test_every_metric_of_every_epoch_is_in_every_record(uninterrupted: Path) -> None:
    assert set(map(tuple, epochs_everywhere(uninterrupted).values())) == {tuple(range(1, 31))}
    tags = set(EventAccumulator(str(uninterrupted)).Reload().Tags()["scalars"])
    (run,) = offline_runs(uninterrupted)
    shown = (uninterrupted.parent / "whole.out").read_text(encoding="utf-8")
    headers = {
        name
        for file in uninterrupted.glob("*_history.csv")
        for name in file.open(encoding="utf-8").readline().split(",")
    }

    assert tags >= PROMISED
    assert set(history(run)[0]) >= PROMISED
    assert {header.strip() for header in headers} >= PROMISED
    assert len(re.findall(r"^epoch .*loss .*reward .* ± .*accuracy .*latency .*late .*validation: ", shown, re.M)) == 30


def test_the_wandb_run_says_what_was_trained_on_what(uninterrupted: Path) -> None:
    (file,) = offline_runs(uninterrupted)
    run, config = run_record(file), run_config(file)

    assert run.project == "molmo-controller"
    assert re.fullmatch(r"grpo-g5-lr0\.01-\d{8}-\d{6}", run.display_name)
    assert summary(file)["status"] == "completed"
    assert set(run.tags) == {"grpo", "controller", "joint-training", *DATASETS}
    assert config["lr"] == 0.01
    assert config["budget_penalty"] == 10.0
    assert config["device"] == "cpu"
    assert sorted(config["dataset_names"]) == sorted(DATASETS)
    assert {"batch_size", "group_size", "model_path", "results_dir", "seed", "fingerprint"} <= set(config)
    command = f"wandb sync whole/wandb/{file.parent.name}"
    assert command in (uninterrupted.parent / "whole.out").read_text(encoding="utf-8")


def test_the_best_policy_is_kept_here_and_at_wandb(uninterrupted: Path) -> None:
    scores = [row[contract.VAL_IN_BUDGET_ACCURACY] for row in rows_of(uninterrupted)]
    kept = torch.load(uninterrupted / "best_joint_checkpoint.pt", weights_only=True)
    (file,) = offline_runs(uninterrupted)
    (artifact,) = (record.artifact for record in records(file) if record.WhichOneof("record_type") == "artifact")

    assert kept["epoch"] == scores.index(max(scores)) + 1
    assert kept["metrics"][contract.VAL_IN_BUDGET_ACCURACY] == max(scores)
    assert kept["score"] == max(scores)
    assert artifact.type == "model"
    assert set(artifact.aliases) == {"best", "latest"}
    metadata = json.loads(artifact.metadata)
    assert metadata["hyperparameters"]["lr"] == 0.01
    assert metadata["metrics"] == kept["metrics"]
    assert metadata["fingerprint"] == kept["fingerprint"]


def test_a_killed_training_goes_on_to_the_same_numbers(uninterrupted: Path, workplace: Path) -> None:
    flags = ("--output_dir", "killed", "--num_epochs=30", "--lr=0.01", "--use_wandb")
    started = subprocess.Popen(
        [sys.executable, str(COMMAND), "--results_dir", CORE_EXPERIMENT, *flags],
        cwd=workplace,
        env=environment(workplace, WANDB_MODE="offline"),
        stdout=subprocess.DEVNULL,
    )
    wait_for_rows(workplace / "killed", 4)
    started.kill()
    started.wait()
    with (workplace / "killed" / "result.json").open("a", encoding="utf-8") as file:
        file.write('{"training_iteration": ')  # a row torn by the kill

    resumed = train_beside_the_tests(workplace, "--resume", "--output_dir", "killed", WANDB_MODE="offline")

    assert resumed.returncode == 0, resumed.stderr
    assert "Going on after epoch" in resumed.stdout
    assert numbers_of(workplace / "killed") == numbers_of(uninterrupted)
    assert set(map(tuple, epochs_everywhere(workplace / "killed").values())) == {tuple(range(1, 31))}


def test_a_training_recorded_before_settings_had_roles_goes_on_to_the_same_numbers(
    workplace: Path, uninterrupted: Path, train_here: Callable[..., int]
) -> None:
    train_here("--output_dir", "older", "--num_epochs=2", "--lr=0.01")
    paths = {"output_dir": str(workplace / "older"), "results_dir": str(workplace / CORE_EXPERIMENT)}
    (workplace / "older" / "params.json").write_text(json.dumps(paths | PARAMS_OF_BEFORE), encoding="utf-8")

    assert train_here("--resume", "--output_dir", "older", "--num_epochs=4") == 0

    assert numbers_of(workplace / "older") == numbers_of(uninterrupted)[:4]
    assert json.loads((workplace / "older" / "params.json").read_text(encoding="utf-8"))["wandb_id"] == "f721822bef89"


def test_ctrl_c_stops_in_order_and_says_how_to_go_on(workplace: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, str(COMMAND), "--results_dir", CORE_EXPERIMENT, "--output_dir", "stopped", *ENDLESS],
        cwd=workplace,
        env=environment(workplace, WANDB_MODE="offline"),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    wait_for_rows(workplace / "stopped", 2)
    process.send_signal(signal.SIGINT)
    shown, _ = process.communicate(timeout=300)

    assert process.returncode == 130
    assert_stopped_in_order(workplace / "stopped", shown)


def test_a_schedulers_signal_stops_in_order_and_says_how_to_go_on(workplace: Path) -> None:
    def fail(*_: object) -> None:
        raise AssertionError("the training did not hear the signal")

    def send() -> None:
        wait_for_rows(workplace / "terminated", 2)
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, fail)
    sender = threading.Thread(target=send, daemon=True)
    try:
        sender.start()
        stopped = train_beside_the_tests(workplace, "--output_dir", "terminated", *ENDLESS, WANDB_MODE="offline")
        sender.join()
    finally:
        signal.signal(signal.SIGTERM, before)

    assert stopped.returncode == 143
    assert_stopped_in_order(workplace / "terminated", stopped.stdout + stopped.stderr)


def assert_stopped_in_order(folder: Path, shown: str) -> None:
    assert "Traceback" not in shown
    assert f"--resume --output_dir {folder.name}" in shown
    epochs = list(contract.checkpoints(folder))
    assert len(epochs) == 2
    assert epochs[-1] == len(rows_of(folder))
    (run,) = offline_runs(folder)
    assert len(history(run)) == len(rows_of(folder))
    assert summary(run)["status"] == "unfinished"


def test_a_full_disk_is_said_in_one_sentence_and_the_training_goes_on_when_there_is_room(
    workplace: Path, uninterrupted: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "small"
    flags = ("--results_dir", CORE_EXPERIMENT, "--num_epochs=5", "--lr=0.01", "--use_wandb", "--no_tensorboard")
    # One process for both trainings: in it the disk is mounted, and its imports take seconds.
    script = f"""
import subprocess
from trainable.train_joint_controller import main
print("first status", main({["--output_dir", str(folder), *flags]!r}), flush=True)
subprocess.run(["mount", "-o", "remount,size=50m", {str(tmp_path)!r}], check=True)
print("second status", main({["--output_dir", str(folder), "--resume"]!r}), flush=True)
    """
    mounted = f"mount -t tmpfs -o size=700k none {tmp_path} && {sys.executable} -c {shlex.quote(script)}"

    done = subprocess.run(
        ["unshare", "--mount", "sh", "-c", f"{mounted} && cp {folder}/result.json result-of-small.json"],
        cwd=workplace,
        env=environment(workplace, WANDB_MODE="disabled"),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )

    assert "first status 2" in done.stdout, done.stderr
    assert "second status 0" in done.stdout, done.stderr
    assert done.stderr.count("\n") == 1
    assert "cannot be written (the disk is full, of bytes or of files); make room, then go on with:" in done.stderr
    (workplace / "small").mkdir()
    (workplace / "result-of-small.json").rename(workplace / "small" / "result.json")
    assert numbers_of(workplace / "small") == numbers_of(uninterrupted)[:5]


def test_a_training_goes_on_with_its_profile_where_that_lies_now_and_with_no_other(
    workplace: Path, uninterrupted: Path, train_here: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    profile = shutil.copytree(workplace / CORE_EXPERIMENT, workplace / "lent" / "profile")
    train_here("--results_dir", str(profile), "--output_dir", "lent/run", "--num_epochs=2", "--lr=0.01")
    (workplace / "lent").rename(workplace / "sent")
    resume = ("--resume", "--output_dir", "sent/run", "--num_epochs=4")

    assert train_here(*resume) == 2
    assert "say with --results_dir where it lies" in capsys.readouterr().err
    assert train_here(*resume, "--results_dir", CORE_EXPERIMENT, "--dataset_names", DATASETS[0]) == 2
    assert "--resume: this is not the data that it ran on" in capsys.readouterr().err
    assert train_here(*resume, "--results_dir", "sent/profile") == 0

    assert numbers_of(workplace / "sent" / "run") == numbers_of(uninterrupted)[:4]


def test_a_model_is_known_by_its_words_and_not_by_where_it_lies(
    workplace: Path, train_here: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    model = shutil.copytree(workplace / "checkpoints", workplace / "model of before")
    train_here("--output_dir", "worded", "--num_epochs=1", "--model_path", str(model))
    model.rename(workplace / "model of now")
    write_model(workplace / "other model")
    resume = ("--resume", "--output_dir", "worded", "--num_epochs=2")

    assert train_here(*resume) == 2
    assert "say with --model_path where it lies" in capsys.readouterr().err
    assert train_here(*resume, "--model_path", "other model") == 2
    assert "this is not the data that it ran on (inputs word embeddings" in capsys.readouterr().err
    assert train_here(*resume, "--model_path", "model of now") == 0
    assert len(rows_of(workplace / "worded")) == 2


def test_a_damaged_checkpoint_is_passed_over(
    workplace: Path, uninterrupted: Path, train_here: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    train_here("--output_dir", "damaged", "--num_epochs=6", "--lr=0.01")
    newest = workplace / "damaged" / "checkpoint_000006" / "checkpoint.pt"
    newest.write_bytes(newest.read_bytes()[:100])

    assert train_here("--resume", "--output_dir", "damaged", "--num_epochs=8") == 0

    assert "damaged checkpoint passed over, training goes on from epoch 5" in capsys.readouterr().out
    assert numbers_of(workplace / "damaged") == numbers_of(uninterrupted)[:8]


def test_a_training_that_diverges_says_what_may_help(
    workplace: Path, train_here: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert train_here("--output_dir", "diverged", "--lr=1e30", "--batch_size=2") == 1

    shown = capsys.readouterr().out
    assert "The training diverged: epoch 1: loss nan" in shown
    assert "a lower --lr may help" in shown
    assert "--resume" not in shown
    assert rows_of(workplace / "diverged") == []


def test_the_policy_sees_the_models_features(workplace: Path, train_here: Callable[..., int]) -> None:
    assert train_here("--output_dir", "embedded", "--num_epochs=1", "--model_path", "checkpoints") == 0

    kept = torch.load(workplace / "embedded" / "best_joint_checkpoint.pt", weights_only=True)
    assert kept["policy"]["trunk.0.weight"].shape[1] == 8 + kept["settings"]["hidden_size"]


def test_overwrite_begins_anew_and_touches_nothing_else(workplace: Path, train_here: Callable[..., int]) -> None:
    train_here("--output_dir", "anew", "--num_epochs=3")
    (workplace / "anew" / "notes.txt").write_text("mine", encoding="utf-8")

    assert train_here("--output_dir", "anew", "--num_epochs=2", "--overwrite") == 0

    assert len(rows_of(workplace / "anew")) == 2
    assert (workplace / "anew" / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--output_dir whole", "holds another training (best_joint_checkpoint.pt"),
        (
            "--output_dir whole --resume --lr 0.5 --seed 3 --precision bf16",
            "--seed 0 -> 3, --precision fp32 -> bf16, --lr 0.01 -> 0.5 would make another training",
        ),
        ("--output_dir nowhere --resume", "no training to resume in it"),
        ("--resume --overwrite", "give one of them"),
        ("--no_tensorboard", "add --use_wandb"),
        ("--groupsize 5", "did you mean --group_size?"),
        ("--group-size 1", "at least 2"),
        ("--num_epochs 0", "at least 1"),
        ("--use_wandb --wandb_project team/proj", "Invalid project name 'team/proj'"),
        ("--use_wandb --output_dir none-here --wandb_entity team/proj", "is no name of a W&B user or team"),
        ("--use_wandb=maybe", "must be true or false"),
        ("--device tpu9", "torch cannot use it"),
        ("--device cpu --precision tf32", "precision tf32: cpu has none, some GPUs do; give bf16 or fp32"),
        ("--results_dir nowhere", "there is no such folder; say with --results_dir where it lies"),
        ("--dataset_names chart_vqa", "--dataset_names can be"),
        ("--model_path ./nowhere", "there is no such folder; say with --model_path where it lies"),
        ("--latency_budget_min 9 --latency_budget_max 3", "at most latency_budget_max"),
    ],
)
def test_a_mistake_is_said_in_one_sentence(
    flags: str, said: str, uninterrupted: Path, train_here: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    status = train_here(*flags.split())

    error = capsys.readouterr().err
    assert status == 2
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({"lr": 0.001}, "does not hold the settings of a training (no 'created')"),  # a sweep's trial
        ({"created": "20260101-000000", "wandb_id": "abc", "rate": 0.1}, "(rate is no setting; --help lists"),
        ({"created": "20260101-000000", "wandb_id": "abc", "lr": "fast"}, "(lr is 'fast'; it must be a number)"),
    ],
)
def test_what_is_no_training_of_this_command_is_not_gone_on_with(
    params: dict[str, Any],
    said: str,
    tmp_path: Path,
    train_here: Callable[..., int],
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "params.json").write_text(json.dumps(params), encoding="utf-8")

    status = train_here("--resume", "--output_dir", str(tmp_path))

    error = capsys.readouterr().err
    assert status == 2
    assert f"--resume: {tmp_path / 'params.json'}" in error
    assert said in error
    assert error.count("\n") == 1


def wait_for_rows(folder: Path, number: int) -> None:
    deadline = time.monotonic() + 240
    while time.monotonic() < deadline:
        if (folder / "result.json").exists() and len(
            (folder / "result.json").read_text(encoding="utf-8").splitlines()
        ) >= number:
            return
        time.sleep(0.01)
    raise TimeoutError(folder)
