"""How the commands of this folder are told which sweeps: by name or folder, and where names are looked up."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from results.record.sweeps import SweepRecord


def add_sweep_arguments(parser: argparse.ArgumentParser, about: str) -> None:
    """SWEEP [SWEEP ...] and --storage_path.

    Args:
        about: which sweeps can be given, for the help.
    """
    parser.add_argument("sweeps", nargs="+", metavar="SWEEP", help=f"name or folder of a sweep, {about} ones too")
    parser.add_argument(
        "--storage_path", "--storage-path", metavar="PATH", help="where sweeps lie (default: results/sweeps)"
    )


def wanted_sweeps(wanted: argparse.Namespace) -> "list[SweepRecord]":
    """The sweeps that were given, each once.

    Raises:
        UserError: there is none of that name.
    """
    from results.record.locate import find_sweep
    from results.record.sweeps import read_sweep
    from trainable.contract import DEFAULT_STORAGE

    storage = Path(wanted.storage_path) if wanted.storage_path else DEFAULT_STORAGE
    folders = dict.fromkeys(find_sweep(sweep, storage) for sweep in wanted.sweeps)
    return [read_sweep(folder) for folder in folders]
