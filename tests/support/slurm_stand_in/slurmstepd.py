"""`slurmstepd.py JOB`: runs a job's script on its first node, anew at each requeue, and ends what it leaves."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from processes import keep_orphans, kill_below, send


def main(job: Path) -> None:
    options = json.loads((job / "options.json").read_text(encoding="utf-8"))
    nodes = [f"127.0.0.{2 + index}" for index in range(int(options.get("nodes", 1)))]
    cpus = options.get("cpus-per-task", "1")
    variables = {
        "SLURM_JOB_ID": job.name, "SLURM_JOB_NODELIST": ",".join(nodes), "SLURM_JOB_NUM_NODES": str(len(nodes)),
        "SLURMD_NODENAME": nodes[0], "SLURM_CPUS_PER_TASK": cpus, "SLURM_CPUS_ON_NODE": cpus,
    }  # fmt: skip
    if "array" in options:
        variables |= {"SLURM_ARRAY_TASK_ID": options["array"]}
    keep_orphans()
    requeued = job / "requeued"
    restarts = 0
    while True:
        again = {"SLURM_RESTART_COUNT": str(restarts)} if restarts else {}
        with (job / "output").open("ab") as output:
            script = subprocess.Popen(
                ["bash", str(job / "slurm_script")], env=os.environ | variables | again,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        (job / "batch_shell").write_text(str(script.pid), encoding="utf-8")
        while script.poll() is None:
            if requeued.exists():
                send(signal.SIGTERM, [script.pid])
                time.sleep(0.5)  # less than Slurm gives it
                script.kill()
            time.sleep(0.05)
        kill_below(os.getpid())
        if not requeued.exists():
            break
        requeued.unlink()
        restarts += 1
    (job / "status").write_text(str(script.returncode), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
