"""What code a sweep runs: the versions of what it builds on, and the project's git commit."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

from trainable.contract import PROJECT

PACKAGES = ("torch", "ray", "optuna", "wandb", "grpo-sweep")


def provenance() -> dict[str, str]:
    """By the names under which W&B's config has them."""
    versions = {"python": platform.python_version()} | {name: importlib.metadata.version(name) for name in PACKAGES}
    commit = git_commit(PROJECT)
    return {f"version/{name}": version for name, version in versions.items()} | (
        {"git_commit": commit} if commit else {}
    )


def git_commit(folder: Path) -> str | None:
    """The commit of a repository's root, marked `-dirty` when tracked files differ; None where there is no git."""
    if not (folder / ".git").exists():
        return None
    # No tag fits '*', and --always then says the commit.
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        described = subprocess.run(command, capture_output=True, text=True)
    except FileNotFoundError:
        return None
    return described.stdout.strip() or None
