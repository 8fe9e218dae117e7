"""`srun [OPTIONS] COMMAND ...`: the command as a task on each node, that is, in a process of this machine.

As Slurm's does, it kills its tasks at SIGTERM, SIGHUP and SIGQUIT, and passes SIGUSR1 and SIGUSR2 on to them.
"""

import os
import signal
import subprocess
import sys
from types import FrameType

from processes import keep_orphans, kill_below, send


def main(arguments: list[str]) -> int:
    count = next(index for index, word in enumerate(arguments) if not word.startswith("--"))
    options = {name: value for word in arguments[:count] for name, _, value in [word[2:].partition("=")]}
    nodes = os.environ["SLURM_JOB_NODELIST"].split(",")
    first = int(options.get("relative", 0))
    taken = nodes[first : first + int(options["nodes"])]
    assert len(taken) == int(options["nodes"])
    assert options["ntasks-per-node"] == "1"
    keep_orphans()
    tasks: list[subprocess.Popen[bytes]] = []

    def kill_tasks(number: int, frame: FrameType | None) -> None:
        print("srun: forcing job termination", file=sys.stderr, flush=True)
        kill_below(os.getpid())

    def pass_on(number: int, frame: FrameType | None) -> None:
        send(signal.Signals(number), [task.pid for task in tasks])

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, kill_tasks)
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, pass_on)
    for index, node in enumerate(taken):
        of_task = {"SLURMD_NODENAME": node, "SLURM_NODEID": str(index), "SLURM_PROCID": str(index)}
        if "cpus-per-task" in options:
            of_task["SLURM_CPUS_PER_TASK"] = options["cpus-per-task"]
        tasks.append(subprocess.Popen(arguments[count:], env=os.environ | of_task, stdin=subprocess.DEVNULL))
    statuses = [task.wait() for task in tasks]
    kill_below(os.getpid())
    return max(128 - status if status < 0 else status for status in statuses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
