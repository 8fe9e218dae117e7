"""Compare the trials of sweeps: a table each, best first.

python results/compare_trials.py SWEEP [SWEEP ...]
"""

import argparse
import sys
from pathlib import Path

from trainable.contract import UserError

PICTURE_COLUMNS = 125


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="compare_trials.py", description=__doc__.splitlines()[0])
    parser.add_argument("sweeps", nargs="+", metavar="SWEEP", help="name or folder of a sweep, running ones too")
    parser.add_argument(
        "--storage_path", "--storage-path", metavar="PATH", help="where sweeps lie (default: results/sweeps)"
    )
    parser.add_argument("--save_svg", "--save-svg", metavar="FILE", help="also keep what is shown as a picture")
    wanted = parser.parse_args(arguments)
    try:
        from rich.console import Console

        from results.find import SHIPPED_STORAGE, find_sweep
        from results.records import read_sweep
        from results.summary import summary

        storage = Path(wanted.storage_path) if wanted.storage_path else SHIPPED_STORAGE
        records = [read_sweep(find_sweep(sweep, storage)) for sweep in wanted.sweeps]
        width = PICTURE_COLUMNS if wanted.save_svg else None
        console = Console(soft_wrap=True, record=bool(wanted.save_svg), width=width, highlight=False)
        for record in records:
            console.print(summary(record))
        if wanted.save_svg:
            console.save_svg(wanted.save_svg, title=", ".join(record.name for record in records))
        return 0
    except UserError as error:
        print(f"compare_trials.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
