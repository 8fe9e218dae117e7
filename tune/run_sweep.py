"""Sweep the hyperparameters of a GRPO training run.

python tune/run_sweep.py                      16 trials on the shipped profile
python tune/run_sweep.py --resume NAME        go on with an interrupted sweep
python tune/run_sweep.py --help
"""

import sys
from pathlib import Path

if __name__ == "__main__":  # what lies beside this command, and not what an environment may hold of another checkout
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from trainable.terminal.commands import command
from tune.cluster.ray_environment import prepare_ray_environment
from tune.request.command_line import parse_command_line


@command("run_sweep.py", interrupted="stopped before the first trial")
def main(arguments: list[str]) -> int:
    """Run a sweep; the exit status: 0 all well, 1 trials failed, 2 the user's mistake, 128 + n on signal n."""
    request = parse_command_line(arguments)
    print("Getting ready: the settings, the data and Ray", flush=True)
    prepare_ray_environment()
    from tune.sweep import run_requested_sweep  # Ray and torch take seconds to import: not before --help

    with request.naming_doors():
        return run_requested_sweep(request)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
