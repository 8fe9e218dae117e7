"""Which sweeps a command of this folder is for: flags, by name or folder, and what they name."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainable.contract import DEFAULT_STORAGE
from trainable.flags import OneSentenceParser
from trainable.user_paths import PathTo, is_address, read_address, usable_path

if TYPE_CHECKING:
    from results.record.sweeps import SweepRecord


def parser_of_sweeps(prog: str, description: str, **options: Any) -> OneSentenceParser:
    """A parser that takes SWEEP [SWEEP ...] and --storage_path; with further options of argparse."""
    parser = OneSentenceParser(prog, description, takes="SWEEP [SWEEP ...] [flags]", **options)
    parser.add_argument(
        "sweeps",
        nargs="+",
        metavar="SWEEP",
        help="name, folder or address (s3://BUCKET/FOLDER/NAME) of a sweep, unfinished ones too",
    )
    parser.add_argument(
        "--storage_path",
        type=_storage,
        default=DEFAULT_STORAGE,
        metavar="PATH",
        help="where sweeps lie, a folder or an address (default: results/sweeps)",
    )
    return parser


def _storage(text: str) -> Path | str:
    flag = "--storage_path"
    return read_address(text, flag) if is_address(text) else usable_path(text, PathTo.FOLDER, flag)


def wanted_sweeps(wanted: argparse.Namespace, samples: bool = False) -> "list[SweepRecord]":
    """The sweeps that were given, each once.

    Args:
        samples: whether what runs showed of their epochs is asked for, too.

    Raises:
        UserError: there is none of that name, or its store does not answer.
    """
    from results.mirror.reading import find_record
    from results.record.sweeps import read_sweep

    folders = dict.fromkeys(find_record(sweep, wanted.storage_path, samples) for sweep in wanted.sweeps)
    return [read_sweep(folder) for folder in folders]
