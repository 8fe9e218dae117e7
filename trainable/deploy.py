"""Put a trained controller before the running model, and compare what it does under latency budgets with its promises.

python trainable/deploy.py CHECKPOINT --model_path MODEL --dataset QUESTIONS            on the test split
python trainable/deploy.py CHECKPOINT --model_path MODEL --dataset QUESTIONS --budgets 0.5 12ms --calibrate 20
"""

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":  # what lies beside this command, and not what an environment may hold of another checkout
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trainable.flags import OneSentenceParser, add_flags, require_given
from trainable.judging.fetched_checkpoint import checkpoint_path
from trainable.serving.settings import DeploymentSettings
from trainable.settings_fields import built, given_in, require_usable_paths, typed_values
from trainable.terminal.commands import command


@command("deploy.py", prints_results=True)
def main(arguments: list[str]) -> int:
    """Deploy and print the table; the exit status: 0 all well, 2 the user's mistake."""
    flags = vars(_parser().parse_args(arguments))
    checkpoint = flags.pop("checkpoint")
    require_given(DeploymentSettings, flags)
    with given_in("--", flags):
        settings = built(DeploymentSettings, *typed_values(flags, DeploymentSettings))
        require_usable_paths(settings)
        from trainable.serving.deployment import deploy  # torch takes a second to import: not before --help

        deploy(checkpoint, settings)
    return 0


def _parser() -> OneSentenceParser:
    takes = "CHECKPOINT --model_path FOLDER --dataset QUESTIONS [flags]"
    parser = OneSentenceParser("deploy.py", __doc__, takes, argument_default=argparse.SUPPRESS)
    parser.add_argument(
        "checkpoint",
        type=checkpoint_path,
        metavar="CHECKPOINT",
        help="a checkpoint's file, the folder of a run or trial, or the address of a checkpoint in a store",
    )
    add_flags(parser, DeploymentSettings, "what it is deployed with")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
