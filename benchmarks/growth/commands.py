"""What reads a sweep that has grown: compare_trials.py, report.py, and the proposal after its last trial."""

import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROPOSALS = 3


@dataclass(frozen=True)
class Reading:
    """Of one sweep."""

    compare_s: float
    report_s: float
    report_mb: float
    tpe_ms: float
    """CPU time of a proposal of TPE's over all its trials, told of as many as it is."""


def read(folder: Path) -> Reading:
    page = folder / "of_benchmark.html"
    compare_s = _seconds("results/compare_trials.py", str(folder), "--top", "20")
    report_s = _seconds("results/report.py", str(folder), "--output", str(page))
    megabytes = page.stat().st_size / 1e6
    page.unlink()
    return Reading(compare_s, report_s, megabytes, tpe_ms(folder))


def tpe_ms(folder: Path) -> float:
    """Milliseconds of CPU a proposal, the study made for it included."""
    from results.record.sweeps import read_sweep
    from search_spaces.reading.searched import SearchSpace
    from tune.sampling.proposing import Search, propose
    from tune.sampling.samplers import ChosenSampler
    from tune.sampling.told import as_told

    record = read_sweep(folder)
    told = [as_told(record, trial) for trial in record.search_trials]
    search = Search(SearchSpace(record.space), record.objective, 0, record.trials[0].config, ChosenSampler("tpe"))
    propose(replace(search, seed=1), len(told), told)  # imports
    began = time.process_time()
    for place in range(PROPOSALS):
        propose(search, len(told) + place, told)
    return 1000 * (time.process_time() - began) / PROPOSALS


def _seconds(script: str, *arguments: str) -> float:
    began = time.monotonic()
    done = subprocess.run([sys.executable, script, *arguments], cwd=ROOT, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise SystemExit(f"{script}: {done.stderr}")
    return time.monotonic() - began
