"""How a sweep ended that did not come to its own end, in words."""

import shlex

from results.record.sweeps import SweepRecord


def ended_by(record: SweepRecord) -> str:
    """The cap, as it was given, and what had been spent by then; empty where no cap ended it."""
    if not record.end:
        return ""
    cap = shlex.join([f"--{record.end.by}", str(record.settings[record.end.by])])
    return f"{cap}: {record.end.why}"
