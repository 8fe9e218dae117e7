"""sync_wandb.py: the server ends up with every epoch of the record once, whatever it had before."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from replicated_sweep import write_replicated
from strict_wandb_server import ServedRun, StrictWandbServer, strict_wandb_server
from sweep_here import sweep_here
from sweep_process import environment, params, rows, trial_folders
from syncing import start_sync, sync_here, sync_process
from views import recorded_tables, wandb_steps, wandb_tables
from wandb_core import core_of, wait_for_end
from wandb_file import offline_runs, run_record

from results.files.folder_lock import exclusive_lock
from results.record.sweeps import read_settings, read_sweep, write_sweep_file

IMPATIENT = {"WANDB_INIT_TIMEOUT": "4", "WANDB_FINISH_TIMEOUT": "4"}


@pytest.fixture
def server() -> Iterator[StrictWandbServer]:
    with strict_wandb_server() as running:
        yield running


TRIALS = 2


@pytest.fixture
def sweep(quadratic_sweep: tuple[Path, str], tmp_path: Path) -> Path:
    """The first trials of a sweep that ran offline, and so lie in local W&B files."""
    copy = shutil.copytree(quadratic_sweep[0], tmp_path / "twin")
    write_sweep_file(copy, read_settings(copy / "sweep.yaml") | {"storage_path": str(tmp_path)})  # as if it were moved
    for trial in trial_folders(copy)[TRIALS:]:
        shutil.rmtree(trial)
    return copy


def run_of(trial: Path, server: StrictWandbServer) -> ServedRun:
    (run,) = [run for run in server.runs.values() if run.config["trial"] == int(trial.name[-5:])]
    return run


def openings(sweep: Path, server: StrictWandbServer) -> list[int]:
    return [run_of(trial, server).openings for trial in trial_folders(sweep)]


def assert_server_holds_every_epoch_once(sweep: Path, server: StrictWandbServer) -> None:
    assert len(server.runs) == len(trial_folders(sweep)) == TRIALS
    for trial in trial_folders(sweep):
        run = run_of(trial, server)
        assert run.steps == [row["training_iteration"] for row in rows(trial)]
        assert [row["Val/Height"] for row in run.history] == [row["Val/Height"] for row in rows(trial)]
        assert run.tables == recorded_tables(trial)
        assert run.dropped == []
        assert run.finished
    assert server.unknown == []


def test_a_sweep_is_sent_whole_and_once(sweep: Path, server: StrictWandbServer) -> None:
    sent = sync_process("twin", "--storage_path", sweep.parent, **server.variables)
    assert sent.returncode == 0, sent.stderr
    assert_server_holds_every_epoch_once(sweep, server)
    assert "every epoch of it" in sent.stdout
    for trial in trial_folders(sweep):
        run, values = run_of(trial, server), params(trial)
        group = read_sweep(sweep).origin.wandb_group
        assert (run.project, run.group, run.job_type) == ("grpo-sweep", group, "search")
        assert (run.name or "").startswith(f"quadratic-{values['target']:.2f}-20")
        assert run.summary["score"] == max(row["Val/Height"] for row in rows(trial))
        assert run.summary["status"] in ("completed", "paused")

    again = sync_here(sweep, **server.variables)
    resumed = sweep_here(
        sweep.parent, "--resume", "twin", "--wandb_mode", "online", "--num_samples", TRIALS, **server.variables
    )

    assert again.returncode == resumed.returncode == 0, again.stderr + resumed.stderr
    assert "Nothing is left to do" in resumed.stdout
    assert openings(sweep, server) == [1] * TRIALS
    # What lay there would make runs of other ids, were it sent by `wandb sync`.
    assert list(sweep.glob("trial_*/wandb/offline-run-*")) == []


def test_a_finalist_under_a_fresh_seed_is_a_job_that_confirms(server: StrictWandbServer, tmp_path: Path) -> None:
    folder = write_replicated(tmp_path / "replicated", [{0: 0.5, 1: 0.55}], searched=(0.5, 0.6))
    sent = sync_here(folder, **server.variables)
    assert sent.returncode == 0, sent.stderr
    jobs = {(run.config["trial"], run.config["seed"], run.job_type) for run in server.runs.values()}
    assert jobs == {(0, 0, "search"), (1, 0, "search"), (2, 1, "confirm"), (3, 1, "confirm")}
    assert len({run.group for run in server.runs.values()}) == 1


def test_a_sweep_that_ran_offline_gets_its_view_and_its_report_once(sweep: Path, server: StrictWandbServer) -> None:
    sent = [sync_here(sweep, "--report", **server.variables) for _ in range(2)]
    (view,), (entry,), (report,) = server.pages.saved_views, server.pages.sweeps.values(), server.pages.reports
    for run in sent:
        assert run.returncode == 0, run.stderr
        lines = run.stdout.splitlines()
        assert [line for line in lines if line.startswith("View sweep at: ") and view.name[3:-2] in line]
        assert [line for line in lines if line.startswith("View report at: ") and report.id.rstrip("=") in line]
        assert run.stderr == ""
    # Half of its trials were taken away, and a resume would not run them again.
    assert (len(view.specs), len(report.specs), entry.states) == (2, 2, ["FINISHED"] * 2)
    assert {run.sweep for run in server.runs.values()} == {entry.name}
    best = max(row["Val/Height"] for trial in trial_folders(sweep) for row in rows(trial))
    told = json.dumps(report.spec)
    assert f"Val/Height {best:.3f} (target " in told
    assert "Gain over the starting values: " in told

    server.refuse_operations(403, "upsertView")
    refused = sync_here(sweep, "--report", **server.variables)
    nowhere = sync_here(sweep, "--report", "--mode", "offline")

    assert refused.returncode == 1
    assert "W&B did not take the report (permission denied: upsertView); all else goes on" in refused.stdout
    assert "every epoch of it" in refused.stdout
    assert nowhere.returncode == 2
    assert nowhere.stderr == "sync_wandb.py: --report is written at the server; leave --mode offline out\n"


def test_a_sweep_that_was_sent_by_hand_is_not_sent_as_other_runs(sweep: Path, server: StrictWandbServer) -> None:
    segments = sorted(sweep.glob("trial_*/wandb/offline-run-*"))
    assert len(segments) == TRIALS
    by_hand = [Path(sys.executable).with_name("wandb"), "sync", *segments[:-1]]
    subprocess.run(by_hand, env=environment(**server.variables), cwd=sweep.parent, check=True)
    first = trial_folders(sweep)[0]
    with (first / "result.json").open("a", encoding="utf-8") as file:  # as if it had gone on since
        file.write(json.dumps(rows(first)[-1] | {"training_iteration": len(rows(first)) + 1}) + "\n")

    for _ in range(2):
        sent = sync_here(sweep, **server.variables)
        assert sent.returncode == 0, sent.stderr

    assert_server_holds_every_epoch_once(sweep, server)
    assert openings(sweep, server) == [2] * (TRIALS - 1) + [1]


def test_a_server_that_goes_away_costs_one_sentence_and_is_sent_the_rest_later(
    sweep: Path, server: StrictWandbServer
) -> None:
    variables = server.variables | IMPATIENT
    server.hold_rows_after_an_end()
    sending = start_sync(sweep, **variables)
    assert sending.stdout
    next(line for line in sending.stdout if "trial 0:" in line)
    server.stop()
    _, complaint = sending.communicate(timeout=120)
    assert sending.returncode == 2
    assert "goes on from there" in complaint
    assert len(complaint.splitlines()) == 1
    assert sum(run.finished for run in server.runs.values()) < TRIALS

    server.hold()
    server.start()
    rest = sync_here(sweep, **variables)

    assert rest.returncode == 0, rest.stderr
    assert_server_holds_every_epoch_once(sweep, server)
    assert openings(sweep, server)[0] == 1


def test_a_command_that_is_killed_half_way_is_begun_again_for_the_rest(sweep: Path, server: StrictWandbServer) -> None:
    server.hold_rows_after_an_end()
    sending = start_sync(sweep, **server.variables)
    assert sending.stdout
    next(line for line in sending.stdout if "trial 0:" in line)
    core = core_of(sending.pid)
    sending.kill()
    sending.communicate()
    server.hold()
    wait_for_end(core)  # which sends what it holds

    rest = sync_here(sweep, **server.variables)

    assert rest.returncode == 0, rest.stderr
    assert f"1 of {TRIALS} trials are there already" in rest.stdout
    assert_server_holds_every_epoch_once(sweep, server)
    assert openings(sweep, server)[0] == 1


def test_an_unfinished_trial_is_sent_as_far_as_it_went_and_completed_later(
    sweep: Path, server: StrictWandbServer
) -> None:
    interrupted = next(trial for trial in trial_folders(sweep) if len(rows(trial)) == 12)
    whole = (interrupted / "result.json").read_text(encoding="utf-8")
    lines = whole.splitlines(keepends=True)
    (interrupted / "result.json").write_text("".join(lines[:5]) + lines[5][:20], encoding="utf-8")
    assert sync_here(sweep, **server.variables).returncode == 0
    run = run_of(interrupted, server)
    assert run.steps == [1, 2, 3, 4, 5]
    assert run.summary["status"] == "unfinished"

    (interrupted / "result.json").write_text(whole, encoding="utf-8")
    assert sync_here(sweep, **server.variables).returncode == 0

    assert_server_holds_every_epoch_once(sweep, server)
    assert run.summary["status"] == "completed"
    assert sorted(openings(sweep, server)) == [1] * (TRIALS - 1) + [2]


def test_another_project_gets_the_sweep_too(sweep: Path, server: StrictWandbServer) -> None:
    assert sync_here(sweep, **server.variables).returncode == 0
    sent = sync_here(sweep, "--project", "elsewhere", **server.variables)
    assert f"0 of {TRIALS} trials are there already" in sent.stdout


def test_offline_the_local_files_are_written_from_the_record(sweep: Path) -> None:
    for trial in trial_folders(sweep):
        shutil.rmtree(trial / "wandb")
        (trial / ".wandb_epochs").unlink()
    written = sync_here(sweep, "--mode", "offline")
    assert written.returncode == 0, written.stderr
    for trial in trial_folders(sweep):
        assert wandb_steps(trial) == [row["training_iteration"] for row in rows(trial)]
        assert wandb_tables(trial) == recorded_tables(trial) != {}
    segments = sorted(sweep.glob("trial_*/wandb/offline-run-*"))
    assert f"{TRIALS} of {TRIALS} trials are there already" in sync_here(sweep, "--mode", "offline").stdout
    assert sorted(sweep.glob("trial_*/wandb/offline-run-*")) == segments

    assert sync_here(sweep, "--mode", "offline", "--project", "other").returncode == 0
    for trial in trial_folders(sweep):
        (file,) = offline_runs(trial)
        assert run_record(file).project == "other"


def test_what_keeps_a_sweep_from_being_sent_is_one_sentence(sweep: Path, server: StrictWandbServer) -> None:
    no_login = sync_here(sweep)
    wrong_key = sync_here(sweep, **server.variables | {"WANDB_API_KEY": "local" + "9" * 40}, **IMPATIENT)
    with exclusive_lock(sweep, "sweep twin"):
        running = sync_here(sweep, **server.variables)
    nowhere = sync_here("nowhere", **server.variables)
    project = sync_here(sweep, "--project", "team/proj", **server.variables)
    expected = {
        "--project: Invalid project name 'team/proj'": project,
        "no W&B login; run `wandb login`": no_login,
        "W&B did not take sweep twin": wrong_key,
        f"sweep twin: process {os.getpid()} on": running,
        "no sweep 'nowhere'": nowhere,
    }
    for sentence, refused in expected.items():
        assert refused.returncode == 2
        assert f"sync_wandb.py: {sentence}" in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    assert server.runs == {}
    assert all(list(trial.glob("wandb/offline-run-*")) for trial in trial_folders(sweep))
