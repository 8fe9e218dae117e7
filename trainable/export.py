"""Write a trained controller as a policy of its own: prompt features and a latency budget in, a configuration out.

python trainable/export.py checkpoints/joint_controller        into checkpoints/joint_controller/exported_policy
python trainable/export.py CHECKPOINT --output DIR
"""

import os
import sys
from functools import partial
from pathlib import Path

if __name__ == "__main__":  # what lies beside this command, and not what an environment may hold of another checkout
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trainable.contract import shown_path
from trainable.flags import OneSentenceParser
from trainable.judging.fetched_checkpoint import checkpoint_path
from trainable.terminal.commands import command
from trainable.terminal.text import printable
from trainable.user_paths import PathTo, is_address, usable_path

DEFAULT_FOLDER = "exported_policy"


@command("export.py")
def main(arguments: list[str]) -> int:
    """Export; the exit status: 0 all well, 2 the user's mistake."""
    parser = OneSentenceParser("export.py", __doc__, takes="CHECKPOINT [flags]")
    parser.add_argument(
        "checkpoint",
        type=checkpoint_path,
        metavar="CHECKPOINT",
        help="a checkpoint's file, the folder of a run or trial, or the address of a checkpoint in a store",
    )
    parser.add_argument(
        "--output",
        type=partial(usable_path, to=PathTo.NEW_FOLDER, flag="--output"),
        metavar="DIR",
        help=f"where to write (default: {DEFAULT_FOLDER} beside the checkpoint; of one in a store, here)",
    )
    wanted = parser.parse_args(arguments)
    here = Path(DEFAULT_FOLDER).absolute() if any(map(is_address, arguments)) else None
    _export(wanted.checkpoint, wanted.output or here)
    return 0


def _export(checkpoint: Path, output: Path | None) -> None:
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported: a decision is timed on one thread
    from trainable.exported_policy import ExportedPolicy
    from trainable.grpo.checkpoint import read_controller
    from trainable.judging.policy_export import decision_ms, export_controller, usage

    controller = read_controller(checkpoint)
    folder = output or controller.file.parent / DEFAULT_FOLDER
    export_controller(controller, folder)
    parameters = sum(parameter.numel() for parameter in controller.policy.parameters())
    print(f"{printable(shown_path(folder))}: the policy of epoch {controller.epoch}, {parameters:,} parameters")
    print(f"A decision takes {decision_ms(ExportedPolicy.load(folder)):.3f} ms (median, one CPU thread)")
    print()
    print(usage(controller, str(folder.resolve())))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
