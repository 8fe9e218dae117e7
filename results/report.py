"""Write the report of sweeps: one page that opens without a network.

python results/report.py SWEEP                                  into the sweep's own folder
python results/report.py SWEEP SWEEP --output report.html       several side by side
python results/report.py s3://BUCKET/FOLDER/NAME                into NAME-report.html where you stand
"""

import sys
from functools import partial
from pathlib import Path

if __name__ == "__main__":  # what lies beside this command, and not what an environment may hold of another checkout
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from results.sweep_arguments import parser_of_sweeps, wanted_sweeps
from trainable.contract import REPORT_FILE, UserError, shown_path
from trainable.terminal.commands import command
from trainable.terminal.text import printable
from trainable.user_paths import PathTo, usable_path


@command("report.py")
def main(arguments: list[str]) -> int:
    """Write the page; the exit status: 0 all well, 2 the user's mistake."""
    parser = parser_of_sweeps("report.py", __doc__)
    parser.add_argument(
        "--output",
        type=partial(usable_path, to=PathTo.NEW_FILE, flag="--output"),
        metavar="FILE",
        help=f"the page (default: {REPORT_FILE} in the sweep's folder; of one at an address NAME-{REPORT_FILE} here)",
    )
    wanted = parser.parse_args(arguments)
    from results.page.file import write_report

    records = wanted_sweeps(wanted, samples=True)
    if len(records) > 1 and not wanted.output:
        raise UserError("a report of several sweeps lies in none of their folders; say where: --output report.html")
    output = wanted.output or _place_of(records[0].folder)
    write_report(records, output)
    print(f"Report   {printable(shown_path(output))}")
    return 0


def _place_of(folder: Path) -> Path:
    """Of a sweep whose record lies in a cache of this machine, where the user stands."""
    from results.storage.fetched import address_of

    return Path(f"{folder.name}-{REPORT_FILE}").absolute() if address_of(folder) else folder / REPORT_FILE


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
