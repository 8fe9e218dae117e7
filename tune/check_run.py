"""Check in a minute whether a kind of run can be swept: what it trains comes again bit for bit, also after a kill.

python tune/check_run.py FILE.py:KIND                    a kind of your own, at its default settings
python tune/check_run.py FILE.py:KIND --group_size 4     its settings are flags, as run_sweep.py takes them
"""

import argparse
import sys
import textwrap
from collections import Counter
from pathlib import Path

if __name__ == "__main__":  # what lies beside this command, and not what an environment may hold of another checkout
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trainable.contract import UserError
from trainable.flags import OneSentenceParser, add_flags
from trainable.runs.choosing import read_anew
from trainable.settings_fields import given_in
from trainable.terminal.commands import command
from trainable.terminal.text import one_line, printable
from tune.request.settings import SweepSettings, find_sweepable

EPOCHS, FEWEST_EPOCHS = 3, 2
OF_SWEEP = ("seed", "precision", "search_space", "cpus_per_trial", "gpus_per_trial")
"""Settings of a sweep that a check takes, too."""


@command("check_run.py", prints_results=True)
def main(arguments: list[str]) -> int:
    """Print each check as it is done; the exit status: 0 all well, 1 a check failed, 2 the user's mistake."""
    read_anew()
    given = vars(_parser(arguments).parse_args(arguments))
    if given["num_epochs"] < FEWEST_EPOCHS:
        raise UserError(f"--num_epochs {given['num_epochs']}: at least {FEWEST_EPOCHS}, to save one and go on")
    from trainable.conformance.checks import CHECKS, checked  # torch and Ray take seconds to import: not before --help
    from tune.planning.rehearsal import wanted_rehearsal

    told: Counter[str] = Counter()
    with given_in("--", given):
        for verdict in checked(wanted_rehearsal(given)):
            fault = verdict.fault
            word = "ok" if not fault else "doubt" if fault.is_doubt else "FAILED"
            told[word] += 1
            print(f"{word:<8}{verdict.promise}")
            said = fault.sentence if fault else verdict.facts
            for line in textwrap.wrap(one_line(said), width=112):
                print(f"{'':8}{line}")
            if fault and fault.trace:
                print(textwrap.indent(printable(fault.trace.rstrip()), " " * 8))
            sys.stdout.flush()
    if told["ok"] == len(CHECKS):
        print("all well: it can be swept")
    else:
        print(f"{told['FAILED']} failed, {told['doubt']} in doubt, {len(CHECKS) - told.total()} not tried")
    return 1 if told["FAILED"] else 0


def _parser(arguments: list[str]) -> argparse.ArgumentParser:
    """With the flags of the kind that comes first."""
    parser = OneSentenceParser(
        "check_run.py", __doc__, takes="FILE.py:KIND [flags]", argument_default=argparse.SUPPRESS
    )
    parser.add_argument("run", metavar="FILE.py:KIND", help="what is trained, as --run of run_sweep.py takes it")
    parser.add_argument(
        "--num_epochs", type=int, default=EPOCHS, metavar="EPOCHS", help="epochs of a run (default: %(default)s)"
    )
    add_flags(parser, SweepSettings, names=OF_SWEEP)
    if arguments and not arguments[0].startswith("-"):
        add_flags(parser, find_sweepable(arguments[0]).settings_type, "what is trained")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
