"""docs/cluster/begin_or_resume.sh: the command that a scheduler may run again and again. Folders: test_slurm.py."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from other_checkout import copy_packages
from s3_server import S3Server
from sweep_here import ray_here
from sweep_process import QUADRATIC, ROOT, environment

SCRIPT = ROOT / "docs" / "cluster" / "begin_or_resume.sh"
TINY = (*QUADRATIC, "--num_samples", "2", "--num_epochs", "2", "--replicate", "0", "--wandb_mode", "disabled")


def begin_or_resume(checkout: Path, *words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", str(SCRIPT), *words], cwd=checkout, env=environment(PATH=path, **variables),
        capture_output=True, encoding="utf-8", timeout=200,
    )  # fmt: skip


def test_a_sweep_in_a_store_is_begun_once_and_gone_on_with_on_another_machine(s3: S3Server, tmp_path: Path) -> None:
    checkout, storage = copy_packages(tmp_path / "checkout"), s3.fresh()
    variables = s3.environment | ray_here().variables | {"SWEEP_ADDRESS": ray_here().address}
    begun = begin_or_resume(checkout, storage, "once", *TINY, **variables)
    assert begun.returncode == 0, begun.stdout + begun.stderr

    shutil.rmtree(checkout / "results" / "sweeps")
    again = begin_or_resume(checkout, storage, "once", *TINY, **variables)
    assert again.returncode == 0, again.stdout + again.stderr
    assert f"Brings its records from {storage}/once" in again.stdout
    assert "Nothing is left to do: all 2 trials have ended." in again.stdout


def test_a_store_that_cannot_be_asked_begins_no_sweep() -> None:
    refused = begin_or_resume(ROOT, "nowhere://bucket/sweeps", "once", *TINY)
    assert refused.returncode == 2
    assert refused.stdout == ""
    (line,) = refused.stderr.splitlines()
    assert line.startswith("begin_or_resume.sh: nowhere://bucket/sweeps/once")
