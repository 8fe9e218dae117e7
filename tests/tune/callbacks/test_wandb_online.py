"""W&B online: the server ends up with every epoch once, whatever is killed; and whatever it does, the sweep goes on.

The server is a strict stand-in on the loopback (support/strict_wandb_server.py); the SDK and its wandb-core are real.
"""

import os
import re
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from meanwhile import meanwhile, wait_for
from strict_wandb_server import API_KEY, FILE_STREAM, GRAPHQL, ServedRun, StrictWandbServer, strict_wandb_server
from sweep_here import start_joined, sweep_here
from sweep_process import (
    QUADRATIC,
    curves,
    epochs_recorded,
    params,
    rows,
    trial_folders,
    wait_until,
)
from views import recorded_tables, wandb_steps
from wandb_core import core_of
from wandb_file import files_with, files_with_key

METRICS = ("Val/Height", "Train/Place")
NUM_EPOCHS = 4
SMALL_FLAGS = (
    *QUADRATIC, "--num_samples", 2, "--num_epochs", NUM_EPOCHS, "--scheduler", "none", "--max_concurrent_trials", 1,
)  # fmt: skip
ONLINE = ("--wandb_mode", "online")
IMPATIENT = {"WANDB_INIT_TIMEOUT": "4", "WANDB_FINISH_TIMEOUT": "4"}
EAGER = {"WANDB__FILE_STREAM_TRANSMIT_INTERVAL": "1"}
"""Whole seconds between two sendings of a run's rows; wandb-core's own are 15."""


@pytest.fixture
def server() -> Iterator[StrictWandbServer]:
    with strict_wandb_server() as running:
        yield running


@pytest.fixture(scope="module")
def online_sweep(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, StrictWandbServer, str]]:
    """A sweep whose runs a healthy server took: its folder, the server, what was printed."""
    storage = tmp_path_factory.mktemp("online")
    with strict_wandb_server() as running:
        finished = sweep_here(storage, "--name", "small", *SMALL_FLAGS, *ONLINE, **running.variables)
        assert finished.returncode == 0, finished.stderr
        yield storage / "small", running, finished.stdout + finished.stderr


def run_of(trial: Path, server: StrictWandbServer) -> ServedRun:
    number = int(trial.name[-5:])
    (run,) = [run for run in server.runs.values() if run.config["trial"] == number]
    return run


def assert_server_holds_every_epoch_once(sweep: Path, server: StrictWandbServer) -> None:
    assert len(server.runs) == len(trial_folders(sweep)) > 0
    for trial in trial_folders(sweep):
        run, recorded = run_of(trial, server), rows(trial)
        assert run.steps == [row["training_iteration"] for row in recorded] == list(range(1, len(recorded) + 1))
        assert [[row[name] for name in METRICS] for row in run.history] == [
            [row[name] for name in METRICS] for row in recorded
        ]
        assert [row["training_iteration"] for row in run.history] == run.steps
        assert run.tables == recorded_tables(trial)
        assert run.dropped == []
        assert run.finished
        assert run.exit_code == 0
        assert run.summary["score"] == max(row["Val/Height"] for row in recorded)
    assert server.unknown == []


def kill_with_wandb_core(process: "subprocess.Popen[str]") -> None:
    """As when a machine goes down. wandb-core outlives its parent, and would still send what it holds."""
    os.kill(core_of(process.pid), signal.SIGKILL)
    process.kill()


def test_an_online_run_says_what_it_is_and_holds_every_epoch_once(
    online_sweep: tuple[Path, StrictWandbServer, str],
) -> None:
    sweep, server, printed = online_sweep
    assert_server_holds_every_epoch_once(sweep, server)
    for trial in trial_folders(sweep):
        run, values = run_of(trial, server), params(trial)
        assert (run.project, run.job_type) == ("grpo-sweep", "search")
        assert re.fullmatch("small-[0-9a-f]{6}", run.group or "")
        assert re.fullmatch(rf"quadratic-{values['target']:.2f}-\d{{8}}-\d{{6}}", run.name or "")
        assert {name: run.config[name] for name in values} == values
        assert run.config["seed"] == 0
        assert len(run.history) == NUM_EPOCHS
        assert run.openings == 1
    assert "W&B did not take everything" not in printed
    assert "wandb:" not in printed


def test_an_online_sweep_has_a_view_and_an_entry_that_its_runs_name(
    online_sweep: tuple[Path, StrictWandbServer, str],
) -> None:
    _, server, printed = online_sweep
    (view,), (entry,) = server.pages.saved_views, server.pages.sweeps.values()
    url = f"{server.url}/walker/grpo-sweep?nw={view.name.removeprefix('nw-').removesuffix('-v')}"
    lines = printed.splitlines()
    begun = lines.index(f"View sweep at: {url}")
    assert begun < min(index for index, line in enumerate(lines) if "trials done" in line)
    assert f"W&B            {url}" in lines
    assert {item["value"] for item in view.run_set["filters"]["filters"]} == {run.group for run in server.runs.values()}
    (plot,) = view.panels_of("Parallel Coordinates Plot")
    assert [(column["accessor"], column.get("log")) for column in plot["columns"]] == [
        ("config:target.value", False), ("config:rate.value", True), ("summary:score", None),
    ]  # fmt: skip
    assert [curve["metrics"] for curve in view.panels_of("Run History Line Plot")] == [[name] for name in METRICS]
    assert {run.sweep for run in server.runs.values()} == {entry.name}
    assert entry.states[:2] == ["RUNNING", "FINISHED"]  # another test goes on with this sweep
    assert "did not take" not in printed


def test_what_the_server_refuses_beside_the_runs_is_a_line_each_and_changes_nothing_else(
    server: StrictWandbServer, online_sweep: tuple[Path, StrictWandbServer, str], tmp_path: Path
) -> None:
    server.refuse_operations(403, "UpsertView2")
    server.refuse_operations(500, "UpsertSweep")
    finished = sweep_here(tmp_path, "--name", "small", *SMALL_FLAGS, *ONLINE, **server.variables, **IMPATIENT)
    assert finished.returncode == 0, finished.stderr
    assert [line for line in finished.stdout.splitlines() if "W&B" in line] == [
        "W&B did not take the sweep's entry on the Sweeps page (no usable answer in time); all else goes on",
        "W&B did not take the sweep's saved view (permission denied: UpsertView2); all else goes on",
    ]
    assert "Traceback" not in finished.stdout + finished.stderr
    assert curves(tmp_path / "small") == curves(online_sweep[0])
    assert_server_holds_every_epoch_once(tmp_path / "small", server)
    assert {run.sweep for run in server.runs.values()} == {None}


def test_a_finished_trial_that_the_server_holds_is_not_opened_again(
    online_sweep: tuple[Path, StrictWandbServer, str],
) -> None:
    sweep, server, _ = online_sweep
    again = sweep_here(sweep.parent, "--resume", "small", **server.variables)
    assert again.returncode == 0, again.stderr
    assert "Nothing is left to do" in again.stdout
    assert [run.openings for run in server.runs.values()] == [1, 1]
    (view,), (entry,) = server.pages.saved_views, server.pages.sweeps.values()
    assert view.name.removeprefix("nw-").removesuffix("-v") in again.stdout
    assert entry.states[-1] == "FINISHED"


def test_after_kills_and_resumes_the_server_holds_every_epoch_once_in_order(
    server: StrictWandbServer, tmp_path: Path
) -> None:
    sweep = tmp_path / "killed"
    flags: tuple[object, ...] = (
        "--name", "killed", *QUADRATIC, *ONLINE, "--num_samples", 2, "--num_epochs", 12, "--scheduler", "none",
        "--max_concurrent_trials", 1, "--epoch_ms", 250,
    )  # fmt: skip

    def lags_behind_in(number: int) -> bool:
        """The server holds some rows of the trial, and not its newest ones."""
        held = [len(run.history) for run in list(server.runs.values()) if run.config["trial"] == number]
        file = sweep / f"trial_{number:05d}" / "result.json"
        return held != [] and 0 < held[0] < file.read_bytes().count(b"\n") - 1

    for number, stop in ((0, kill_with_wandb_core), (1, subprocess.Popen.kill)):
        running = start_joined(tmp_path, *flags, **server.variables, **EAGER)
        wait_until(lambda killed=number: lags_behind_in(killed), running)  # type: ignore[misc]
        stop(running)
        running.communicate()
        flags = ("--resume", "killed")

    finished = sweep_here(tmp_path, *flags, **server.variables, **EAGER)

    assert finished.returncode == 0, finished.stderr
    assert [len(rows(trial)) for trial in trial_folders(sweep)] == [12, 12]
    assert_server_holds_every_epoch_once(sweep, server)
    assert [run.openings for run in server.runs.values()] == [2, 2]
    (_,), (entry,) = server.pages.saved_views, server.pages.sweeps.values()
    assert entry.states == ["RUNNING", "RUNNING", "RUNNING", "FINISHED"]
    assert {run.sweep for run in server.runs.values()} == {entry.name}


def test_a_server_that_dies_half_way_changes_no_result_and_is_sent_the_rest_by_a_resume(
    server: StrictWandbServer, online_sweep: tuple[Path, StrictWandbServer, str], tmp_path: Path
) -> None:
    sweep, gate = tmp_path / "small", tmp_path / "gate"

    def die_while_the_first_trial_waits() -> None:
        try:
            wait_for(lambda: epochs_recorded(sweep) == 2 and any(run.history for run in list(server.runs.values())))
            server.stop()
        finally:
            gate.touch()

    flags = ("--name", "small", *SMALL_FLAGS, *ONLINE, "--gate", gate, "--gate_epoch", 2)
    with meanwhile(die_while_the_first_trial_waits):
        finished = sweep_here(tmp_path, *flags, **server.variables, **IMPATIENT, **EAGER)
    assert finished.returncode == 0, finished.stderr
    assert curves(sweep) == curves(online_sweep[0])
    (line,) = [line for line in finished.stdout.splitlines() if line.startswith("W&B did")]
    assert line.startswith("W&B did not take everything: ")
    assert "--resume small" in line
    assert len(server.runs) == 1

    server.start()
    resumed = sweep_here(tmp_path, "--resume", "small", **server.variables)

    assert resumed.returncode == 0, resumed.stderr
    assert "W&B did not take everything" not in resumed.stdout
    assert_server_holds_every_epoch_once(sweep, server)
    assert list(sweep.glob("trial_*/wandb/offline-run-*")) == []


@pytest.mark.parametrize(
    ("misbehave", "kind"),
    [
        (StrictWandbServer.hold, GRAPHQL),
        (StrictWandbServer.hold, FILE_STREAM),
        (StrictWandbServer.refuse, GRAPHQL),
    ],
    ids=["holds its first answers", "holds its answers to rows", "refuses"],
)
def test_a_server_that_does_not_serve_neither_holds_the_sweep_up_nor_changes_it(
    misbehave: Callable[[StrictWandbServer, str], None],
    kind: str,
    server: StrictWandbServer,
    online_sweep: tuple[Path, StrictWandbServer, str],
    tmp_path: Path,
) -> None:
    misbehave(server, kind)
    sweep = tmp_path / "small"
    finished = sweep_here(tmp_path, "--name", "small", *SMALL_FLAGS, *ONLINE, **server.variables, **IMPATIENT)
    assert finished.returncode == 0, finished.stderr
    if misbehave is StrictWandbServer.hold:
        assert server.answers[kind] == 0  # so every row was on disk before the first answer
    assert server.requests[kind] > 0
    assert curves(sweep) == curves(online_sweep[0])
    printed = finished.stdout + finished.stderr
    assert "W&B did not take everything" in printed
    assert "Traceback" not in printed
    assert all(run.history == [] for run in server.runs.values())
    assert wandb_steps(trial_folders(sweep)[1]) == [1, 2, 3, 4]  # what could not be sent is kept, to be seen offline


def test_no_file_of_a_sweep_holds_the_key(online_sweep: tuple[Path, StrictWandbServer, str]) -> None:
    sweep, _, _ = online_sweep
    assert files_with(b"grpo-sweep", sweep / "trial_00000" / "wandb")  # so the search does find what is there
    assert files_with_key(API_KEY, sweep) == []
