"""Two sweeps, one online and one offline and sent afterwards, on a real W&B-compatible server and in a real browser."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Watched, browser_page
from openwandb_server import OpenWandb, StoredRun, openwandb
from sweep_here import sweep_here
from sweep_process import environment, params, rows, trial_folders

from results.record.sweeps import read_sweep

OBJECTIVE = "Val/In_Budget_Accuracy"
METRICS = ("Train/Loss", "Train/Reward_Mean", "Val/Accuracy_Mean", "Val/Budget_Violation_Rate", OBJECTIVE)
SMALL = ("--num_samples", 2, "--num_epochs", 3, "--max_concurrent_trials", 1)
PROJECT = "pages"
PLOTTED = """
    title => [...document.querySelectorAll('.chart-box')]
        .filter(box => box.querySelector('h4').textContent === title)
        .map(box => echarts.getInstanceByDom(box.querySelector('.chart-container')))
        .filter(chart => chart)
        .flatMap(chart => chart.getOption().series.map(line => [line.name, line.data]))
"""
"""What the server's page handed to its charts of one metric: [name, points] of each line."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenWandb]:
    with openwandb(tmp_path_factory.mktemp("openwandb")) as running:
        yield running


@pytest.fixture(scope="module")
def online(server: OpenWandb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sweep_of(server, tmp_path_factory.mktemp("sweeps"), "online")


@pytest.fixture(scope="module")
def offline(server: OpenWandb, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sweep_of(server, tmp_path_factory.mktemp("sweeps"), "offline")


def sweep_of(server: OpenWandb, storage: Path, mode: str) -> Path:
    """A small sweep of the real thing; at its end the server, which cannot be asked what it holds, has all of it."""
    flags = ("--name", mode, *SMALL, "--wandb_mode", mode, "--wandb_project", PROJECT)
    finished = sweep_here(storage, *flags, **server.variables)
    assert finished.returncode == 0, finished.stderr
    sweep = storage / mode
    assert [trial.name for trial in trial_folders(sweep)] == ["trial_00000", "trial_00001"]
    kept_on_disk = sorted(sweep.glob("trial_*/wandb/offline-run-*"))
    assert len(kept_on_disk) == (0 if mode == "online" else 2)
    assert ("could not be confirmed" in finished.stdout) == (mode == "online")
    if kept_on_disk:
        send(server, kept_on_disk, cwd=storage)
    return sweep


def send(server: OpenWandb, segments: list[Path], cwd: Path) -> None:
    """Args: cwd: where the client leaves a folder of its own."""
    wandb = Path(sys.executable).with_name("wandb")
    sent = subprocess.run(
        [wandb, "sync", *segments], env=environment(**server.variables), cwd=cwd, capture_output=True, encoding="utf-8"
    )
    assert sent.returncode == 0, sent.stdout + sent.stderr


def run_of(trial: Path, server: OpenWandb, sweep: Path) -> StoredRun:
    number, groups, group = int(trial.name[-5:]), server.openings(), read_sweep(sweep).origin.wandb_group
    (run,) = [run for run in server.runs if run.config["trial"] == number and groups[run.id]["groupName"] == group]
    return run


def runs_of(sweep: Path, server: OpenWandb) -> list[StoredRun]:
    return [run_of(trial, server, sweep) for trial in trial_folders(sweep)]


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_the_server_holds_every_trial_its_config_and_every_epoch_once(
    mode: str, server: OpenWandb, request: pytest.FixtureRequest
) -> None:
    sweep: Path = request.getfixturevalue(mode)
    for trial in trial_folders(sweep):
        run, recorded, values = run_of(trial, server, sweep), rows(trial), params(trial)
        assert run.project == PROJECT
        assert run.state == "finished"
        assert run.name.startswith(f"grpo-g{values['group_size']}-lr")
        assert {name: run.config[name] for name in values} == values
        assert (run.config["seed"], run.config["num_epochs"]) == (0, 3)
        for metric in METRICS:
            assert run.history[metric] == [(row["training_iteration"], row[metric]) for row in recorded]
        assert run.summary["score"] == max(row[OBJECTIVE] for row in recorded)


@pytest.mark.parametrize("mode", ["online", "offline"])
def test_the_client_says_which_sweep_a_run_belongs_to(
    mode: str, server: OpenWandb, request: pytest.FixtureRequest
) -> None:
    """Read as it leaves the process: this server keeps neither groups nor job types."""
    sweep: Path = request.getfixturevalue(mode)
    openings = server.openings()
    for run in runs_of(sweep, server):
        group = read_sweep(sweep).origin.wandb_group
        assert group.startswith(f"{mode}-")
        assert (openings[run.id]["groupName"], openings[run.id]["jobType"]) == (group, "search")


def test_a_person_finds_the_runs_by_name_and_compares_them(server: OpenWandb, online: Path, offline: Path) -> None:
    runs = [*runs_of(online, server), *runs_of(offline, server)]
    with browser_page() as watched:
        server.log_in(watched)
        assert_project_page_lists(watched, server, runs)
        assert_run_page_shows(watched, server, runs[0])
        assert_curves_can_be_compared(watched, server, runs)


def assert_project_page_lists(watched: Watched, server: OpenWandb, runs: list[StoredRun]) -> None:
    watched.page.goto(server.project_page(PROJECT))
    listed = watched.page.locator("#runsTable tr strong").all_inner_texts()
    assert sorted(listed) == sorted(run.name for run in runs)


def assert_run_page_shows(watched: Watched, server: OpenWandb, run: StoredRun) -> None:
    watched.page.goto(server.run_page(run))
    watched.page.get_by_text("Config", exact=True).click()
    lines = [row.locator("td").all_inner_texts() for row in watched.page.locator("#tab-config tr").all()]
    for name in ("lr", "group_size", "budget_penalty"):
        ((shown,),) = [values for shown_name, *values in lines if shown_name == name]
        assert str(run.config[name]) in shown


def assert_curves_can_be_compared(watched: Watched, server: OpenWandb, runs: list[StoredRun]) -> None:
    """One chart with a line for each run, with every epoch on it."""
    watched.page.goto(server.compare_page(runs))
    watched.page.wait_for_function(f"({PLOTTED})('In_Budget_Accuracy').length > 0")
    lines: list[Any] = watched.page.evaluate(PLOTTED, "In_Budget_Accuracy")
    assert sorted(lines) == sorted([run.name, [list(point) for point in run.history[OBJECTIVE]]] for run in runs)
