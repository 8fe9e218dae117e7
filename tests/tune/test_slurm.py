"""The batch script of docs/slurm.md, run as it stands there; only `scontrol` is a stand-in."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from sweep_here import ray_here
from sweep_process import ROOT, curves, environment, epochs_recorded, wait_until


def start_job(script: Path, storage: Path, tools: Path, flags: str) -> "subprocess.Popen[str]":
    """A job that joins the Ray of this process, as one on several nodes does."""
    path = f"{tools}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    told = {"SLURM_JOB_ID": "7", "SWEEP_NAME": "job", "SWEEP_STORAGE": str(storage), "SWEEP_FLAGS": flags}
    job = environment(PATH=path, **told, **ray_here().variables)
    return subprocess.Popen(
        ["bash", str(script)], env=job, cwd=ROOT, encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def test_a_preempted_job_queues_itself_again_and_the_next_goes_on(
    quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    twin, _ = quadratic_sweep
    (text,) = re.findall(r"```bash\n(.*?)```", (ROOT / "docs" / "slurm.md").read_text(encoding="utf-8"), re.DOTALL)
    script, tools, storage = tmp_path / "sweep.sh", tmp_path / "bin", tmp_path / "sweeps"
    script.write_text(text, encoding="utf-8")
    tools.mkdir()
    (tools / "scontrol").write_text('#!/bin/sh\necho "scontrol $*"\n', encoding="utf-8")
    (tools / "scontrol").chmod(0o755)
    flags = (
        "--run quadratic_run:KIND --num_samples 8 --num_epochs 12 --grace_period 2 --max_concurrent_trials 1 "
        f"--replicate 0 --gate {tmp_path / 'gate'} --gate_epoch 3 --address {ray_here().address} --wandb_mode disabled"
    )

    preempted = start_job(script, storage, tools, flags)
    wait_until(lambda: epochs_recorded(storage / "job") >= 3, preempted)
    preempted.send_signal(signal.SIGTERM)
    printed, _ = preempted.communicate(timeout=200)
    assert preempted.returncode == 143, printed
    assert "Stopped by SIGTERM" in printed
    assert "scontrol requeue 7" in printed

    (tmp_path / "gate").touch()
    requeued = start_job(script, storage, tools, flags)
    printed, _ = requeued.communicate(timeout=200)
    assert requeued.returncode == 0, printed
    assert "done: status 0" in printed
    assert "requeue" not in printed
    assert curves(storage / "job") == curves(twin)
