"""Compare the trials of sweeps, best first: one ranking for sweeps that can be compared.

python results/compare_trials.py SWEEP [SWEEP ...]
"""

import csv
import gc
import sys
from functools import partial
from pathlib import Path

if __name__ == "__main__":  # what lies beside this command, and not what an environment may hold of another checkout
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from results.sweep_arguments import parser_of_sweeps, wanted_sweeps
from trainable.flags import OneSentenceParser, whole_number
from trainable.terminal.commands import command
from trainable.terminal.text import printable
from trainable.user_paths import PathTo, usable_path

FORMATS = ("table", "csv", "json", "markdown")
EPILOG = """
columns:
  rank, sweep, trial, every hyperparameter (lr, ...), seed, score, evidence (whether the score is of a 'fresh seed',
  which did not choose the setting, or of the 'search'), ci95, seeds, gain (of a fresh seed's score over the starting
  values) with gain_low, gain_high and gain_over (its paired 95 % interval, and what that is over), epoch (the best
  one), epochs, seconds, status (completed, stopped early, paused, unfinished, diverged, failed), starting_values,
  feasible (whether it satisfies the constraints), front (1: in the Pareto set of several objectives), pareto,
  hypervolume (of that set, from reference_point), metric (what the score is), and every metric at the best epoch
  (Val/Accuracy, ...). A setting that ran under several seeds is one row: its numbers are means, ci95 is the 95 %
  interval of the score's to either side, trial the first of its trials. csv and json have all columns unless --columns
  chooses; csv puts ' before text that a spreadsheet would compute.

conditions:
  --where takes comparisons (< <= > >= == !=, in, not in) of columns with numbers, with text in quotes or with each
  other, joined by and, or, not and parentheses. A column that a row has no value in fulfils no comparison. One whose
  name is more than letters, digits, '_', '/', '.' and '-' stands between backticks: `pass@1` > 0.5; in --columns and
  --sort one that holds a comma stands in quotes: '"hits, exact",lr'.

examples:
  compare_trials.py demo --where "lr < 1e-3 and group_size >= 8" --sort -Val/Accuracy
  compare_trials.py demo --where "status in ('completed', 'stopped early') and 2 <= epoch <= 20" --top 5
  compare_trials.py demo demo-confirm --columns lr,group_size,score,ci95,seeds --format markdown
  compare_trials.py demo --format csv > demo.csv
"""


@command("compare_trials.py", prints_results=True)
def main(arguments: list[str]) -> int:
    """Print them; the exit status: 0 all well, 2 the user's mistake."""
    # What is read is kept to the end, so collecting garbage would find none: a fifth of the time with 1,000 trials.
    gc.disable()
    wanted = _parser().parse_args(_joined_sort(arguments))
    from results.analysis.comparison import compare
    from results.listing.formats import as_csv, as_json
    from results.listing.rows import choose, list_trials
    from results.listing.summary import as_markdown_page, print_summaries, save_picture

    comparisons = compare(wanted_sweeps(wanted))
    listings = [list_trials(comparison, wanted.ungrouped) for comparison in comparisons]
    listings = choose(listings, wanted.where, wanted.sort, wanted.top, wanted.columns)
    match wanted.format:
        case "csv":
            _write(as_csv(listings))
        case "json":
            _write(as_json(listings))
        case "markdown":
            _write(as_markdown_page(comparisons, listings))
        case "table":
            print_summaries(comparisons, listings)
    if wanted.save_svg:
        save_picture(comparisons, listings, wanted.save_svg)
    return 0


def _write(text: str) -> None:
    """To be read by people on a terminal; a file of it is UTF-8 anywhere, with every character as it is."""
    if sys.stdout.isatty():
        sys.stdout.write(printable(text))
    else:
        sys.stdout.buffer.write(text.encode(errors="replace"))


def _parser() -> OneSentenceParser:
    parser = parser_of_sweeps("compare_trials.py", __doc__, epilog=EPILOG)
    parser.add_argument("--where", metavar="CONDITION", help='show only rows such as "lr < 1e-3 and group_size >= 8"')
    parser.add_argument(
        "--sort",
        type=_names,
        metavar="COLUMN[,...]",
        help="from the least, or -COLUMN from the most (default: best score first)",
    )
    parser.add_argument("--columns", type=_names, metavar="COLUMN[,...]", help="the columns to show, in this order")
    parser.add_argument("--top", type=whole_number, metavar="N", help="show the first N rows")
    parser.add_argument(
        "--ungrouped", action="store_true", help="a row for every trial, not for all seeds of a setting"
    )
    parser.add_argument("--format", choices=FORMATS, default=FORMATS[0], help=f"default: {FORMATS[0]}")
    parser.add_argument(
        "--save_svg",
        type=partial(usable_path, to=PathTo.NEW_FILE, flag="--save_svg"),
        metavar="FILE",
        help="also keep the table as a picture",
    )
    return parser


def _names(text: str) -> list[str]:
    """A name that holds a comma stands in quotes, as in a CSV file."""
    (names,) = csv.reader([" ".join(text.split())], skipinitialspace=True)
    return [name.strip() for name in names or [""]]


def _joined_sort(arguments: list[str]) -> list[str]:
    """`--sort -lr` as `--sort=-lr`: argparse would take -lr for a flag."""
    joined: list[str] = []
    for argument in arguments:
        if joined and joined[-1] == "--sort" and argument.startswith("-") and not argument.startswith("--"):
            joined[-1] = f"--sort={argument}"
        else:
            joined.append(argument)
    return joined


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
