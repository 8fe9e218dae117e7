"""A stand-in for Slurm: its commands, as far as docs/cluster/slurm.sh uses them, with real processes and signals.

What it knows of Slurm's signals is told in sbatch(1), srun(1), scancel(1) and Slurm's page on preemption:

- the one of --signal=B: comes to the batch shell alone;
- a preemption with a grace time sends SIGTERM to the tasks of srun alone;
- scancel, and a time limit, send SIGTERM to every process, and SIGKILL after a while;
- scontrol requeue ends the script that calls it.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from slurm_stand_in import processes
from sweep_process import ROOT, environment

SCRIPT = ROOT / "docs" / "cluster" / "slurm.sh"
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

    def wait(self) -> int:
        """Its status, once it is over."""
        deadline = time.monotonic() + 200
        while (status := self.status) is None:
            assert time.monotonic() < deadline, f"job {self.folder.name} does not end:\n{self.output}"
            time.sleep(0.2)
        return status

    def wait_until(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 200
        while not happened():
            assert self.status is None, f"job {self.folder.name} has ended:\n{self.output}"
            assert time.monotonic() < deadline, f"job {self.folder.name} hangs:\n{self.output}"
            time.sleep(0.2)

    def near_its_time_limit(self) -> None:
        """What `--signal=B:USR1@120` asks for."""
        processes.send(signal.SIGUSR1, [self._batch_shell])

    def preempted(self) -> None:
        """The notice that a grace time begins with."""
        steps = [number for number in processes.below(self._batch_shell) if processes.runs(number, "srun.py")]
        processes.send(signal.SIGTERM, [task for step in steps for task in processes.below(step)])

    def cancelled(self) -> None:
        shell = self._batch_shell
        processes.send(signal.SIGTERM, [shell, *processes.below(shell)])

    def may_not_be_requeued(self) -> None:
        """From now on, as a cluster or `--no-requeue` says."""
        (self.folder / "no_requeue").touch()

    @property
    def _batch_shell(self) -> int:
        return int((self.folder / "batch_shell").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Slurm:
    """Its jobs start at once, on as many nodes as they ask for, which share this machine."""

    folder: Path

    @property
    def jobs(self) -> Path:
        return self.folder / "jobs"

    @contextmanager
    def running(self) -> Iterator["Slurm"]:
        """Until the block ends, and with it every job."""
        self.jobs.mkdir(parents=True)
        for name in ("sbatch", "srun", "scontrol"):
            command = self.folder / name
            command.write_text(f'#!/bin/bash\nexec "{sys.executable}" "{STAND_IN / name}.py" "$@"\n', encoding="utf-8")
            command.chmod(0o755)
        try:
            yield self
        finally:
            for file in self.jobs.glob("*/slurmstepd"):
                daemon = int(file.read_text(encoding="utf-8"))
                processes.send(signal.SIGKILL, [*processes.below(daemon), daemon])

    def sbatch(self, *options: str, **variables: str) -> Job:
        """Submit docs/cluster/slurm.sh.

        Args:
            variables: of the environment in which it is submitted, and so of the job's.
        """
        path = os.pathsep.join([str(self.folder), str(Path(sys.executable).parent), os.environ["PATH"]])
        submitted = environment(PATH=path, SLURM_STAND_IN=str(self.jobs), **variables)
        command = ["sbatch", *options, str(SCRIPT)]
        done = subprocess.run(command, env=submitted, cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
        return self.submitted(done.stdout)

    def submitted(self, said: str) -> Job:
        """Of which `sbatch` has just said the number."""
        return Job(self.jobs / said.split()[-1])
