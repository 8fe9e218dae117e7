"""What code a sweep runs: the versions of what it builds on, the project's git commit, the user's own files."""

import importlib.metadata
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from trainable.contract import PROJECT
from trainable.runs.choosing import is_in_file, source_files, source_hashes

PACKAGES = ("grpo-sweep", "torch", "ray", "optuna", "wandb")


SOURCE, SAMPLER_SOURCE = SOURCES = ("source/", "sampler_source/")
"""Begin the names under which the hashes of files are, of a run and of a sampler."""


def provenance(packages: Iterable[str] = ()) -> dict[str, str]:
    """By the names under which W&B's config has them.

    Args:
        packages: what the run builds on besides.
    """
    versions = {f"version/{name}": _version(name) for name in dict.fromkeys([*PACKAGES, *packages])}
    commit = git_commit(PROJECT)
    return {
        **versions,
        "version/python": platform.python_version(),
        "platform": platform.platform(),
        **({"git_commit": commit} if commit else {}),
    }


def sources(run: str, sampler: str) -> dict[str, str]:
    """The hash of each file that a kind of run and a sampler of the user's own were read from."""
    of_sampler = source_files(sampler, "sampler").hashes if is_in_file(sampler) else {}
    return {
        **{f"{SOURCE}{path}": text_hash for path, text_hash in source_hashes(run).items()},
        **{f"{SAMPLER_SOURCE}{path}": text_hash for path, text_hash in of_sampler.items()},
    }


def source_changes(recorded: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """In a sentence each, which of the user's files are not what they were; older records know of none."""
    return [
        *_changes(SOURCE, "run: its code is another than the trials ran with until now", recorded, now),
        *_changes(SAMPLER_SOURCE, "sampler: its code is another than proposed until now", recorded, now),
    ]


def _changes(prefix: str, what: str, recorded: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    before, after = ({name: value for name, value in of.items() if name.startswith(prefix)} for of in (recorded, now))
    changed = [name for name in dict.fromkeys([*before, *after]) if before and before.get(name) != after.get(name)]
    words = [f"{name.removeprefix(prefix)} {before.get(name)} -> {after.get(name)}" for name in changed]
    return [f"{what}: {', '.join(words)}"] if words else []


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
