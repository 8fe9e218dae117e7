"""`scontrol requeue JOB`, as a job does to itself, where that is not refused to it."""

import os
import sys
from pathlib import Path


def main(verb: str, number: str) -> int:
    assert verb == "requeue"
    job = Path(os.environ["SLURM_STAND_IN"], number)
    if (job / "no_requeue").exists():
        print(f"Requested operation is presently disabled for job {number}", file=sys.stderr)
        return 1
    (job / "requeued").touch()
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
