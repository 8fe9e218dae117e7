"""Runs sync_wandb.py: in a process, as a user would, and in that of the tests, which has imported what it needs."""

import subprocess
import sys

from sweep_here import command_here
from sweep_process import ROOT, environment

from results import sync_wandb


def sync_command(*arguments: object) -> list[str]:
    return [sys.executable, str(ROOT / "results" / "sync_wandb.py"), *map(str, arguments)]


def sync_process(*arguments: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        sync_command(*arguments), env=environment(**variables), capture_output=True, encoding="utf-8", cwd=ROOT
    )


def start_sync(*arguments: object, **variables: str) -> "subprocess.Popen[str]":
    """What it prints and what it complains of are pipes."""
    return subprocess.Popen(
        sync_command(*arguments),
        env=environment(**variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        cwd=ROOT,
    )


def sync_here(*arguments: object, **variables: str) -> "subprocess.CompletedProcess[str]":
    """As `sync_process`, without a process of its own."""
    return command_here(sync_wandb.main, [*map(str, arguments)], **variables)
