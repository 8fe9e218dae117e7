"""The README's commands about its sweep `demo`, run as they stand there; the other ones are in test_readme_alone.py."""

import re
import time
from pathlib import Path

import pytest
from loopback_server import read_page, serving
from readme import (
    ABOUT_DEMO,
    COMMANDS,
    MAKE,
    ONE_CORE,
    OWN_RUN,
    RANKED_OTHERWISE,
    RUNNING_MODEL,
    TRAINING,
    VARIANTS,
    WITHOUT_WANDB,
    Project,
)
from strict_wandb_server import strict_wandb_server
from sweep_process import ROOT, trial_folders

SWEEP, *GOING_ON, SENDING_IT, COMPARING_IT = ABOUT_DEMO
SERVERS = {"tensorboard": ("/data/runs", b"trial_00005"), "optuna-dashboard": ("/api/studies", b'"demo"')}
"""By command: one of its pages, and what it has to show."""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project after the README's sweep, its repetition, its resume and its confirmation."""
    project = Project(tmp_path_factory.mktemp("readme") / "project")
    for line in COMMANDS[SWEEP]:
        project.run(line, **ONE_CORE)
    for heading in GOING_ON:
        for line in COMMANDS[heading]:
            project.run(line, **WITHOUT_WANDB)
    return project


def test_every_command_of_the_readme_is_run_by_a_test() -> None:
    assert COMMANDS.keys() == {*ABOUT_DEMO, MAKE, TRAINING, OWN_RUN, RANKED_OTHERWISE, RUNNING_MODEL, *VARIANTS}
    commands = ("sync_wandb.py", "compare_trials.py", "report.py", *SERVERS)
    assert sorted(line for command in commands for line in comparing(command)) == sorted(COMMANDS[COMPARING_IT])


def test_the_sweep_is_repeated_resumed_confirmed_and_learnt_from(demo: Project) -> None:
    trials = {sweep.name: len(trial_folders(sweep)) for sweep in (demo.folder / "results" / "sweeps").iterdir()}
    # Of four, the starting values and the three others ran again; of two more, one came among the best three.
    assert trials == {"demo": 6 + 4 + 1, "demo-again": 4 + 4, "second": 3 + 3, "demo-confirmed": 6}


def test_wandb_is_sent_every_trial_and_a_report(demo: Project) -> None:
    (send,), (send_with_report,) = COMMANDS[SENDING_IT], comparing("sync_wandb.py")
    with strict_wandb_server() as wandb_server:  # the service itself needs an account
        demo.run(send, **wandb_server.variables)
        assert len(wandb_server.runs) == 6 + 4 + 1, "those kept on disk, and the one that ran with W&B disabled"
        assert all(run.finished for run in wandb_server.runs.values())
        demo.run(send_with_report, **wandb_server.variables)
        assert len(wandb_server.pages.reports) == 1


def test_the_terminal_shows_one_ranking(demo: Project) -> None:
    all_three, chosen, data = map(demo.run, comparing("compare_trials.py"))
    assert "demo-confirmed" in all_three
    assert "3 of 6 shown" in chosen
    assert data.splitlines()[0] == "trial,lr,score"
    assert len(data.splitlines()) == 1 + 6


def test_the_report_is_one_page(demo: Project) -> None:
    (line,) = comparing("report.py")
    demo.run(line)
    assert (demo.folder / "results" / "sweeps" / "demo" / "both.html").exists()


@pytest.mark.parametrize("command", SERVERS)
def test_the_servers_show_it(command: str, demo: Project, tmp_path: Path) -> None:
    page, shown = SERVERS[command]
    (line,) = comparing(command)
    with serving(line.split(), tmp_path / "server.log", demo.folder) as (url, server):
        deadline = time.monotonic() + 60
        while shown not in read_page(f"{url}{page}", server):
            assert time.monotonic() < deadline, f"{line} does not show {shown!r}"
            time.sleep(0.5)


def comparing(command: str) -> list[str]:
    """The lines that run a command, among those that compare trials."""
    return [line for line in COMMANDS[COMPARING_IT] if re.search(rf"\b{re.escape(command)}\b", line)]


def test_every_link_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    ]
    assert len(links) >= 10
    for page, link in links:
        assert (page.parent / link).exists(), f"{page.name}: {link}"
