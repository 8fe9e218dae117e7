"""Train one joint controller with GRPO, without a sweep.

python trainable/train_joint_controller.py                            100 epochs on the shipped profile
python trainable/train_joint_controller.py --use_wandb                recorded at W&B too
python trainable/train_joint_controller.py --resume                   go on with an interrupted training
python trainable/train_joint_controller.py --help
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # what lies beside this command, and not what an environment may hold of another checkout
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trainable.settings_fields import given_in
from trainable.single_run.command_line import parse_command_line
from trainable.single_run.signals import Stopped, stop_on_signals
from trainable.terminal.commands import command


@command("train_joint_controller.py")
def main(arguments: list[str]) -> int:
    """Train; the exit status: 0 all well, 1 the training failed, 2 the user's mistake, 128 + n on signal n."""
    request = parse_command_line(arguments)
    print("Getting ready: the settings and the data", flush=True)
    try:
        with given_in("--", request.flags), stop_on_signals() as signals:
            from trainable.single_run.loop import train  # its imports take seconds: not before --help

            return train(request, signals)
    except Stopped as stopped:
        print(f"train_joint_controller.py: stopped by {stopped} before training began", file=sys.stderr)
        return stopped.exit_status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
