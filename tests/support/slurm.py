"""A stand-in for Slurm: its commands, as far as docs/cluster/slurm.sh uses them, with real processes and signals.

What it knows of Slurm's signals is told in sbatch(1), srun(1), scancel(1) and Slurm's page on preemption:

- the one of --signal=B: comes to the batch shell alone;
- a preemption with a grace time sends SIGTERM to the tasks of srun alone;
- a time limit sends SIGTERM to every process, and SIGKILL after a while;
- scontrol requeue ends the script that calls it.
"""

import signal
import stat
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from slurm_stand_in import processes

STAND_IN = Path(__file__).with_name("slurm_stand_in")


@dataclass(frozen=True)
class Job:
    folder: Path

    @property
    def output(self) -> str:
        file = self.folder / "output"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    @property
    def status(self) -> int | None:
        """Of its last run, once it is over and not queued again."""
        file = self.folder / "status"
        return int(file.read_text(encoding="utf-8")) if file.exists() else None

    def near_its_time_limit(self) -> None:
        """What `--signal=B:USR1@120` asks for."""
        processes.send(signal.SIGUSR1, [self._batch_shell])

    def preempted(self) -> None:
        """The notice that a grace time begins with."""
        steps = [number for number in processes.below(self._batch_shell) if processes.runs(number, "srun.py")]
        processes.send(signal.SIGTERM, [task for step in steps for task in processes.below(step)])

    def at_its_time_limit(self) -> None:
        shell = self._batch_shell
        processes.send(signal.SIGTERM, [shell, *processes.below(shell)])

    @property
    def _batch_shell(self) -> int:
        return int((self.folder / "batch_shell").read_text(encoding="utf-8"))


class Slurm:
    """Its jobs start at once, on as many nodes as they ask for, which share this machine."""

    def __init__(self, folder: Path) -> None:
        self.jobs, self.commands = folder / "jobs", folder / "bin"
        self.jobs.mkdir()
        self.commands.mkdir()
        for name in ("sbatch", "srun", "scontrol"):
            command = self.commands / name
            command.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{STAND_IN / name}.py" "$@"\n', encoding="utf-8")
            command.chmod(command.stat().st_mode | stat.S_IXUSR)
