"""The W&B callback by itself: it holds no more after many trials than after a few."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import drive_callback
import pytest
from meanwhile import meanwhile, wait_for
from strict_wandb_server import API_KEY, FILE_STREAM, GRAPHQL, ServedRun, StrictWandbServer, strict_wandb_server
from sweep_here import command_here
from sweep_process import ROOT, environment, epochs_recorded, trial_folders, wait_until
from syncing import sync_here
from wandb_core import core_of
from wandb_file import files_with, files_with_key, history, offline_runs, run_config

WANDB = Path(sys.executable).with_name("wandb")
PROGRAM = Path(__file__).parents[2] / "support" / "drive_callback.py"
TRIALS = 60


def arguments(folder: Path, trials: int, wandb_mode: str, settings: dict[str, Any]) -> list[str]:
    return [str(folder), str(trials), wandb_mode, json.dumps(settings)]


def start(folder: Path, trials: int, wandb_mode: str, variables: dict[str, str]) -> "subprocess.Popen[str]":
    """In a process of its own, where what it holds or how it ends is the matter."""
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *arguments(folder, trials, wandb_mode, {})],
        env=environment(**variables) | {"PYTHONPATH": f"{PROGRAM.parent}:{ROOT}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )


def end(
    folder: Path, trials: int, wandb_mode: str, variables: dict[str, str], **settings: Any
) -> "subprocess.CompletedProcess[str]":
    return command_here(drive_callback.main, arguments(folder, trials, wandb_mode, settings), **variables)


def drive(folder: Path, trials: int, wandb_mode: str, variables: dict[str, str], **settings: Any) -> list[str]:
    """The lines that it printed."""
    ended = end(folder, trials, wandb_mode, variables, **settings)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert ended.stderr == ""
    return ended.stdout.splitlines()


@pytest.fixture
def server() -> Iterator[StrictWandbServer]:
    with strict_wandb_server() as running:
        yield running


def runs_by_trial(server: StrictWandbServer) -> list[ServedRun]:
    return sorted(server.runs.values(), key=lambda run: run.config["trial"])


def test_sixty_trials_need_no_more_threads_files_or_processes_than_ten(tmp_path: Path) -> None:
    running = start(tmp_path / "many", TRIALS, "offline", {})
    printed, _ = running.communicate(timeout=300)
    assert running.returncode == 0, printed
    held = [json.loads(line) for line in printed.splitlines()]
    assert len(held) == TRIALS // 10
    assert all(len(history(offline_runs(trial)[0])) == 3 for trial in trial_folders(tmp_path / "many"))
    few, many = held[1], held[-1]
    assert many["children"] == few["children"] == 1  # wandb-core
    assert many["threads"] == few["threads"]
    # Two runs are open at a time, and what wandb-core needs for each comes and goes: far fewer than one a trial.
    assert many["threads_of_children"] < few["threads_of_children"] + 20
    assert many["files"] < few["files"] + 20


def paused_first(folder: Path, wandb_mode: str, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Four trials, of which two may wait with an open run."""
    monkeypatch.setattr("tune.callbacks.wandb_runs.MOST_PAUSED_OPEN", 2)
    ended = command_here(lambda _: bool(drive_callback.drive_pausing(folder, 4, wandb_mode)), [], **variables)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def test_offline_a_paused_trial_whose_run_was_closed_goes_on_in_one_whole_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused_first(tmp_path / "a", "offline", {}, monkeypatch)
    runs = [offline_runs(trial) for trial in trial_folders(tmp_path / "a")]
    assert [[[row["training_iteration"] for row in history(run)] for run in of_trial] for of_trial in runs] == (
        [[[1, 2, 3]]] * 4
    )


def test_online_a_paused_trial_whose_run_was_closed_goes_on_where_the_server_has_it(
    tmp_path: Path, server: StrictWandbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    paused_first(tmp_path / "a", "online", server.variables, monkeypatch)
    assert [(run.steps, run.dropped) for run in runs_by_trial(server)] == [([1, 2, 3], [])] * 4
    assert len(server.runs) == 4


def test_what_wandb_refuses_for_good_is_said_at_the_end_and_every_epoch_is_recorded(tmp_path: Path) -> None:
    ended = end(tmp_path / "a", 2, "offline", {}, wandb_project="no/such/name")
    printed = ended.stdout + ended.stderr
    assert printed.startswith("UsageError: Invalid project name 'no/such/name'")
    assert len(printed.splitlines()) == 1
    assert ended.returncode == 1
    assert epochs_recorded(tmp_path / "a") == 6


def test_a_server_that_takes_rows_and_cannot_be_asked_is_sent_every_trial_live(
    tmp_path: Path, server: StrictWandbServer
) -> None:
    server.refuse_operations(200, "Run")
    printed = drive(tmp_path / "a", 4, "online", server.variables)
    assert [line for line in printed if line.startswith("not told: ") and "permission denied: Run" in line]
    assert [run.steps for run in runs_by_trial(server)] == [[1, 2, 3]] * 4
    assert list((tmp_path / "a").glob("trial_*/wandb/offline-run-*")) == []

    sent = sync_here(tmp_path / "a", **server.variables)

    assert sent.returncode == 0, sent.stderr
    assert "Sweep a is sent; W&B's server does not tell what it holds" in sent.stdout
    assert [run.dropped for run in runs_by_trial(server)] == [[]] * 4


def test_what_wandbs_agent_sets_for_its_run_makes_no_trial_of_a_sweep_that_run(
    tmp_path: Path, server: StrictWandbServer
) -> None:
    of_agent = {"WANDB_RUN_ID": "agents", "WANDB_SWEEP_ID": "of-wandb", "WANDB_RESUME": "must", "WANDB_TAGS": "a,b"}
    drive(tmp_path / "a", 2, "online", server.variables | of_agent | {"WANDB_NOTES": "by night"})
    assert [(run.config["trial"], run.steps) for run in runs_by_trial(server)] == [(0, [1, 2, 3]), (1, [1, 2, 3])]
    assert "agents" not in server.runs
    assert {(*run.tags, run.notes, run.project) for run in server.runs.values()} == {("a", "b", "by night", "many")}


def test_a_run_says_what_it_was_trained_with_and_on(tmp_path: Path) -> None:
    drive(tmp_path / "a", 1, "offline", {})
    (run,) = offline_runs(tmp_path / "a" / "trial_00000")
    config = run_config(run)
    assert (config["lr"], config["seed"], config["trial"]) == (1e-4, 0, 0)
    assert config["data"].startswith("made-up")
    assert config["fingerprint"] == "made-up"
    assert (config["device"], config["gpu_ids"], config["gpu_share"]) == ("a card", "3", 0.25)  # as it was last


def test_offline_too_no_file_holds_the_key(tmp_path: Path) -> None:
    drive(tmp_path / "a", 1, "offline", {"WANDB_API_KEY": API_KEY})
    assert files_with(b"many", tmp_path / "a" / "trial_00000" / "wandb")  # so the search does find what is there
    assert files_with_key(API_KEY, tmp_path / "a") == []


@pytest.mark.parametrize(("which", "epochs"), [("none", []), ("best", [3]), ("all", [1, 2, 3])])
def test_checkpoints_are_sent_as_model_artifacts(
    which: str, epochs: list[int], tmp_path: Path, server: StrictWandbServer
) -> None:
    drive(tmp_path / "a", 2, "online", server.variables, upload_checkpoints=which)
    assert server.unknown == []
    for trial, run in enumerate(runs_by_trial(server)):
        versions = server.artifacts.of(run.id)
        assert [version.metadata["epoch"] for version in versions] == epochs
        for epoch, version in zip(epochs, versions, strict=True):
            assert version.committed
            assert (version.type, version.name) == ("model", f"checkpoint-{run.id}")
            assert set(version.aliases) == {"best", "latest", f"epoch-{epoch}"}
            assert version.files == {"adapter/weights": f"after epoch {epoch}".encode()}
            assert version.metadata["score"] == pytest.approx(0.5 + epoch / 100)
            assert version.metadata["hyperparameters"] == {"lr": 1e-4 * (trial + 1), "group_size": 5}


def test_a_model_that_is_gone_or_refused_is_said_and_sent_when_it_can_be(
    tmp_path: Path, server: StrictWandbServer
) -> None:
    sweep = tmp_path / "a"
    server.hold(GRAPHQL)

    def lose_models_before_they_are_sent() -> None:
        try:
            wait_for(lambda: epochs_recorded(sweep) == 6)
            shutil.rmtree(sweep / "trial_00000" / "checkpoint_000001")
            server.artifacts.refused = True
        finally:
            server.hold()

    with meanwhile(lose_models_before_they_are_sent):
        ended = end(sweep, 2, "online", server.variables, upload_checkpoints="all")
    printed = ended.stdout + ended.stderr
    assert ended.returncode == 1
    assert "trial 0 lacks its model (checkpoint_000001 is gone)" in printed
    assert "trial 1 lacks its model (checkpoint_000001: " in printed
    assert [run.steps for run in runs_by_trial(server)] == [[1, 2, 3], [1, 2, 3]]

    server.artifacts.refused = False
    for _ in range(2):
        sent = sync_here(sweep, **server.variables)
        assert sent.returncode == 0, sent.stdout + sent.stderr

    assert [run.openings for run in runs_by_trial(server)] == [2, 2]
    held = [server.artifacts.committed(run.id) for run in runs_by_trial(server)]
    assert [[version.metadata["epoch"] for version in versions] for versions in held] == [[2, 3], [1, 2, 3]]


def test_the_death_of_the_clients_own_process_is_one_line_and_every_epoch_is_recorded(
    tmp_path: Path, server: StrictWandbServer
) -> None:
    server.hold(FILE_STREAM)
    running = start(tmp_path / "a", 2, "online", server.variables)
    wait_until(lambda: epochs_recorded(tmp_path / "a") == 6 and server.requests[FILE_STREAM] > 0, running)
    os.kill(core_of(running.pid), signal.SIGKILL)
    printed, _ = running.communicate(timeout=120)
    assert running.returncode == 1
    assert "Traceback" not in printed
    assert epochs_recorded(tmp_path / "a") == 6


ASK_AND_LET_GO = """
import gc, os, signal, time
from pathlib import Path
from results.trackers.wandb_client import end_client, prepare_wandb, wandb

prepare_wandb()
api = wandb.Api()
for file in Path("/proc/self/task").glob("*/children"):
    for child in file.read_text(encoding="utf-8").split():
        assert Path("/proc", child, "comm").read_text(encoding="utf-8") == "wandb-core\\n"
        os.kill(int(child), signal.SIGKILL)
time.sleep(0.5)
print("killed")
del api
gc.collect()
time.sleep(0.5)
end_client()
"""


def test_the_clients_own_thread_says_nothing_of_that_death(server: StrictWandbServer) -> None:
    command = [sys.executable, "-c", ASK_AND_LET_GO]
    asked = subprocess.run(
        command, env=environment(**server.variables), capture_output=True, encoding="utf-8", cwd=ROOT, timeout=120
    )
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, "killed\n", "")


def test_offline_too_every_checkpoint_is_kept_for_the_server(tmp_path: Path, server: StrictWandbServer) -> None:
    drive(tmp_path / "a", 1, "offline", {}, upload_checkpoints="all")
    (file,) = offline_runs(tmp_path / "a" / "trial_00000")
    subprocess.run([WANDB, "sync", str(file.parent)], env=environment(**server.variables), cwd=tmp_path, check=True)
    (run,) = runs_by_trial(server)
    assert run.steps == [1, 2, 3]
    assert [version.metadata["epoch"] for version in server.artifacts.committed(run.id)] == [1, 2, 3]
