"""`scontrol requeue JOB`, which a job may do to itself; refused where it was submitted with --no-requeue."""

import json
import os
import sys
from pathlib import Path


def main(verb: str, number: str) -> int:
    assert verb == "requeue"
    job = Path(os.environ["SLURM_STAND_IN"], number)
    if "no-requeue" in json.loads((job / "options.json").read_text(encoding="utf-8")):
        print(f"Requested operation is presently disabled for job {number}", file=sys.stderr)
        return 1
    (job / "requeued").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
