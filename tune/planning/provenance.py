"""What code a sweep runs: the versions of what it builds on, and the project's git commit."""

import importlib.metadata
import platform
import subprocess
from pathlib import Path

from trainable.contract import PROJECT

PACKAGES = ("grpo-sweep", "torch", "ray", "optuna", "wandb")


def provenance() -> dict[str, str]:
    """By the names under which W&B's config has them."""
    versions = {f"version/{name}": _version(name) for name in PACKAGES}
    commit = git_commit(PROJECT)
    return {
        **versions,
        "version/python": platform.python_version(),
        "platform": platform.platform(),
        **({"git_commit": commit} if commit else {}),
    }


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def git_commit(folder: Path) -> str | None:
    """The commit of a repository's root, marked `-dirty` when tracked files differ; None where there is no git."""
    if not (folder / ".git").exists():
        return None
    # No tag fits '*', and --always then says the commit.
    command = ["git", "-C", str(folder), "describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"]
    try:
        described = subprocess.run(command, capture_output=True, encoding="utf-8")
    except FileNotFoundError:
        return None
    return described.stdout.strip() or None
