"""Judge a trained controller under latency budgets, beside what can be had without one.

python trainable/evaluate.py checkpoints/joint_controller         the best policy of a training, on validation
python trainable/evaluate.py CHECKPOINT --split test --budgets 8 12 20 --plot frontier.svg
"""

import argparse
import math
import sys
from functools import partial
from pathlib import Path

if __name__ == "__main__":  # what lies beside this command, and not what an environment may hold of another checkout
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trainable.contract import UserError
from trainable.flags import OneSentenceParser
from trainable.grpo.settings import ENVIRONMENTS, GRPOSettings
from trainable.judging.fetched_checkpoint import checkpoint_path
from trainable.profiles.image_split import SPLIT_NAMES
from trainable.settings_fields import Role, names_with
from trainable.terminal.commands import command
from trainable.user_paths import PathTo, usable_path

DATA = ("results_dir", "dataset_names", "model_path", "environment", "store")
"""Settings that say what to judge it on."""
PLOT_ENDINGS = (".png", ".svg")


@command("evaluate.py", prints_results=True)
def main(arguments: list[str]) -> int:
    """Print the table; the exit status: 0 all well, 2 the user's mistake."""
    wanted = _parser().parse_args(arguments)
    _require_sensible(wanted)
    from trainable.judging.evaluation import evaluate  # torch takes a second to import: not before --help

    data = {name: getattr(wanted, name) for name in names_with(Role.DATA, GRPOSettings)}
    evaluate(
        wanted.checkpoint,
        {name: value for name, value in data.items() if value is not None},
        wanted.trust_remote_code,
        SPLIT_NAMES.index(wanted.split),
        tuple(wanted.budgets),
        wanted.plot,
    )
    return 0


def _parser() -> OneSentenceParser:
    parser = OneSentenceParser("evaluate.py", __doc__, takes="CHECKPOINT [flags]")
    parser.add_argument(
        "checkpoint",
        type=checkpoint_path,
        metavar="CHECKPOINT",
        help="a checkpoint's file, the folder of a run or trial, or the address of a checkpoint in a store",
    )
    parser.add_argument(
        "--results_dir",
        metavar="DIR",
        help="profile to judge it on (default: the one trained on)",
    )
    parser.add_argument(
        "--dataset_names", nargs="+", metavar="NAME", help="datasets of the profile (default: those trained on)"
    )
    parser.add_argument(
        "--model_path", metavar="PATH", help="checkpoint that gives the language features (default: the one trained on)"
    )
    parser.add_argument(
        "--environment", choices=ENVIRONMENTS, help="live: judge it on what a store holds (default: as it was trained)"
    )
    parser.add_argument("--store", metavar="DIR", help="that store (default: the one it was trained with)")
    for name in names_with(Role.DATA, GRPOSettings):
        if name not in DATA:  # a sweep's record gives all that is said of its data; the rest the store knows by itself
            parser.add_argument(f"--{name}", nargs="?", const=True, help=argparse.SUPPRESS)
    parser.add_argument(
        "--split", choices=SPLIT_NAMES, default="validation", help="samples to judge it on (%(default)s)"
    )
    parser.add_argument(
        "--budgets",
        nargs="+",
        type=float,
        default=[],
        metavar="MS",
        help="budgets beside 35, 50, 70, 85 and 100 %% of the full model's mean latency",
    )
    parser.add_argument(
        "--plot",
        type=partial(usable_path, to=PathTo.NEW_FILE, flag="--plot"),
        metavar="FILE",
        help="draw the frontier: FILE.png or FILE.svg",
    )
    parser.add_argument(
        "--trust_remote_code",
        action="store_true",
        help="let the model that gave the language features run its own code",
    )
    return parser


def _require_sensible(wanted: argparse.Namespace) -> None:
    for budget_ms in wanted.budgets:
        if not 0 < budget_ms < math.inf:
            raise UserError(f"--budgets {budget_ms:g}: a budget is a number of ms above 0")
    if wanted.plot and wanted.plot.suffix.lower() not in PLOT_ENDINGS:
        raise UserError(f"--plot {wanted.plot}: it can be drawn as {' or '.join(PLOT_ENDINGS)}; end the name so")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
