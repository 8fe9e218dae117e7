"""Another copy of the packages than the one that the environment has installed; its contract says so."""

import shutil
from pathlib import Path

from sweep_process import ROOT


def copy_packages(folder: Path) -> Path:
    """Whatever imports the copy leaves a file `imported_by_` and its process there."""
    for package in ("tune", "trainable", "search_spaces", "results"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("sweeps", "profiles"))
    shutil.copytree(ROOT / "trainable" / "profiles", folder / "trainable" / "profiles")
    with (folder / "trainable" / "contract.py").open("a", encoding="utf-8") as contract:
        contract.write('\n(PROJECT / f"imported_by_{os.getpid()}").touch()\n')
    return folder
