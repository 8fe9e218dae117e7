"""`sbatch [OPTIONS] SCRIPT`: options on the command line before those in the script; the job starts at once.

A job is a folder in that of `$SLURM_STAND_IN`; its nodes are addresses of this machine.
"""

import json
import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

DIRECTIVE = re.compile(r"^#SBATCH (--\S+)", re.MULTILINE)


def main(arguments: list[str]) -> None:
    script = Path(arguments[-1])
    directives = DIRECTIVE.findall(script.read_text(encoding="utf-8"))
    options = {
        name: value for option in (*directives, *arguments[:-1]) for name, _, value in [option[2:].partition("=")]
    }
    jobs = Path(os.environ["SLURM_STAND_IN"])
    number = secrets.randbelow(10**7)  # other tests may be running jobs on this machine
    job = jobs / str(number)
    job.mkdir()
    shutil.copy(script, job / "slurm_script")  # as Slurm spools it: a later edit changes no job
    (job / "options.json").write_text(json.dumps(options), encoding="utf-8")
    daemon = subprocess.Popen(
        [sys.executable, str(Path(__file__).with_name("slurmstepd.py")), str(job)],
        start_new_session=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    (job / "slurmstepd").write_text(str(daemon.pid), encoding="utf-8")
    print(f"Submitted batch job {number}")


if __name__ == "__main__":
    main(sys.argv[1:])
