"""Write the report of sweeps: one page that opens without a network.

python results/report.py SWEEP                                  into the sweep's own folder
python results/report.py SWEEP SWEEP --output report.html       several side by side
"""

import argparse
import sys
from pathlib import Path

from trainable.contract import REPORT_FILE, UserError, shown_path


def main(arguments: list[str]) -> int:
    """Write the page; the exit status: 0 all well, 2 the user's mistake."""
    parser = argparse.ArgumentParser(
        prog="report.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sweeps", nargs="+", metavar="SWEEP", help="name or folder of a sweep, running ones too")
    parser.add_argument("--output", metavar="FILE", help=f"the page (default: {REPORT_FILE} in the sweep's folder)")
    parser.add_argument(
        "--storage_path", "--storage-path", metavar="PATH", help="where sweeps lie (default: results/sweeps)"
    )
    wanted = parser.parse_args(arguments)
    try:
        from results.find import SHIPPED_STORAGE, find_sweep
        from results.records import read_sweep
        from results.report_file import write_report

        storage = Path(wanted.storage_path) if wanted.storage_path else SHIPPED_STORAGE
        folders = list(dict.fromkeys(find_sweep(sweep, storage) for sweep in wanted.sweeps))
        if len(folders) > 1 and not wanted.output:
            raise UserError("a report of several sweeps lies in none of their folders; say where: --output report.html")
        output = Path(wanted.output) if wanted.output else folders[0] / REPORT_FILE
        write_report([read_sweep(folder) for folder in folders], output)
        print(f"Report   {shown_path(output)}")
        return 0
    except UserError as error:
        print(f"report.py: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
