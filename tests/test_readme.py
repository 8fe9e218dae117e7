"""Every command of the README, run as it stands there."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback_server import read_page, serving
from strict_wandb_server import StrictWandbServer, strict_wandb_server
from sweep_process import ROOT, environment

SWEEPS = ROOT / "results" / "sweeps"
NAMES = ("demo", "demo-again", "demo-confirmed", "mine", "wide", "original")
BLOCKS = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[str]:
    return [text.strip() for kind, text in BLOCKS.findall((ROOT / "README.md").read_text()) if kind == language]


@pytest.fixture(scope="module", autouse=True)
def clean_names() -> Iterator[None]:
    """The README's sweeps lie where they do for a user; they are ours to remove."""
    remove_leftovers()
    yield
    remove_leftovers()


def remove_leftovers() -> None:
    for folder in [SWEEPS / name for name in NAMES] + [ROOT / "checkpoints" / "demo"]:
        shutil.rmtree(folder, ignore_errors=True)
    (ROOT / "my_space.py").unlink(missing_ok=True)


def shell(line: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """A line in a shell of the project's environment, in the project's folder."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        line, shell=True, capture_output=True, text=True, cwd=ROOT, timeout=400, env=environment(PATH=path, **variables)
    )


def run_server(line: str, page: str, shown: bytes, folder: Path) -> None:
    """Start a server as the README does, until one of its pages shows what it should."""
    with serving(line.split(), folder / "server.log") as (url, server):
        deadline = time.monotonic() + 60
        while shown not in read_page(f"{url}{page}", server):
            assert time.monotonic() < deadline, f"{line} does not show {shown!r}"
            time.sleep(0.5)


def test_every_command_works_in_the_order_in_which_it_stands(tmp_path: Path) -> None:
    (ROOT / "my_space.py").write_text(blocks("python")[0] + "\n")
    lines = [line for block in blocks("bash") for line in block.splitlines() if line != "make test"]
    assert len(lines) >= 9
    with strict_wandb_server() as wandb_server:  # the service itself needs an account
        for line in lines:
            run(line, wandb_server, tmp_path)
    assert len(wandb_server.runs) == 6
    assert all(served.finished for served in wandb_server.runs.values())


def run(line: str, wandb_server: StrictWandbServer, folder: Path) -> None:
    """One line, and for a server a page that shows what it should."""
    if line.startswith("tensorboard"):
        run_server(line, "/data/runs", b"trial_00005", folder)
    elif line.startswith("optuna-dashboard"):
        run_server(line, "/api/studies", b'"demo"', folder)
    else:
        variables = wandb_server.variables if "sync_wandb.py" in line else {}
        done = shell(line, **variables)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def test_every_link_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *ROOT.glob("docs/*.md")]
    links = [(page, link) for page in pages for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())]
    assert len(links) >= 10
    for page, link in links:
        assert (page.parent / link).exists(), f"{page.name}: {link}"
