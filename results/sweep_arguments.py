"""Which sweeps a command of this folder is for: flags, by name or folder, and what they name."""

import argparse
from functools import partial
from typing import TYPE_CHECKING, Any

from trainable.contract import DEFAULT_STORAGE
from trainable.flags import OneSentenceParser
from trainable.user_paths import PathTo, usable_path

if TYPE_CHECKING:
    from results.record.sweeps import SweepRecord


def parser_of_sweeps(prog: str, description: str, **options: Any) -> OneSentenceParser:
    """A parser that takes SWEEP [SWEEP ...] and --storage_path; with further options of argparse."""
    parser = OneSentenceParser(prog, description, takes="SWEEP [SWEEP ...] [flags]", **options)
    parser.add_argument("sweeps", nargs="+", metavar="SWEEP", help="name or folder of a sweep, unfinished ones too")
    parser.add_argument(
        "--storage_path",
        type=partial(usable_path, to=PathTo.FOLDER, flag="--storage_path"),
        default=DEFAULT_STORAGE,
        metavar="PATH",
        help="where sweeps lie (default: results/sweeps)",
    )
    return parser


def wanted_sweeps(wanted: argparse.Namespace) -> "list[SweepRecord]":
    """The sweeps that were given, each once.

    Raises:
        UserError: there is none of that name.
    """
    from results.record.finding import find_sweep
    from results.record.sweeps import read_sweep

    folders = dict.fromkeys(find_sweep(sweep, wanted.storage_path) for sweep in wanted.sweeps)
    return [read_sweep(folder) for folder in folders]
