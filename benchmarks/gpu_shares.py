"""What it is worth to share a GPU, and whether training on one is deterministic: for whoever has one.

    python benchmarks/gpu_shares.py > gpu_shares.md

The default run is swept with a GPU to each trial, with a quarter of one, and with --gpus_per_trial auto: the same
trials each time (drawn at random, none stopped early), recorded as always. So every curve of one sweep is to be that of
another, bit for bit, whatever shared its GPU. Then one trial is killed in its middle (kill -9 of the driver) and gone
on with, and its curve compared. Flags that follow `--` go to each sweep: `-- --run trl_grpo --task FILE.py`.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
RUN_SWEEP = ROOT / "tune" / "run_sweep.py"
SHARES = ("1", "0.25", "auto")
OF_CLOCKS = "Perf/"
"""How the names of metrics begin that are never the same again."""
PEAK_MB = "Perf/Peak_GPU_Memory_MB"
SECONDS_BETWEEN_LOOKS = 0.05

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Swept:
    """A sweep that has ended."""

    share: str
    seconds: float
    trials: list[Rows]
    packings: list[dict[str, Any]]
    """As placement.json holds them."""

    @property
    def epochs(self) -> int:
        return sum(map(len, self.trials))

    @property
    def epochs_per_minute(self) -> float:
        """From the first epoch's end to the last one's: without the start of Ray and of the first workers."""
        ends = sorted(row["sweep_time_s"] for trial in self.trials for row in trial)
        return (len(ends) - 1) / (ends[-1] - ends[0]) * 60

    @property
    def peak_mb(self) -> float | None:
        """Of one trial, as its run reports it."""
        told = [row[PEAK_MB] for trial in self.trials for row in trial if PEAK_MB in row]
        return max(told, default=None)

    @property
    def row(self) -> str:
        shares = sorted({row["gpu_share"] for trial in self.trials for row in trial}, reverse=True)
        had = ", then ".join(f"{share:g}" for share in shares)
        memory = "" if self.peak_mb is None else f"{self.peak_mb:,.0f}"
        pace = statistics.median(row["time_this_iter_s"] for trial in self.trials for row in trial)
        return f"| {self.share} | {had} | {self.epochs_per_minute:,.0f} | {pace:.2f} | {memory} | {self.seconds:,.0f} |"


HEADER = (
    "| --gpus_per_trial | GPUs of a trial | epochs a minute, all trials | seconds of an epoch, median | memory of a "
    "trial at its peak (MB) | seconds in all |\n| --- | --- | --- | --- | --- | --- |"
)


def command(storage: Path, name: str, share: str, trials: int, epochs: int, further: list[str]) -> list[str]:
    flags = ["--storage_path", str(storage), "--name", name, "--gpus_per_trial", share]
    flags += ["--num_samples", str(trials), "--num_epochs", str(epochs), "--sampler", "random", "--prior_trials", "0"]
    flags += ["--scheduler", "none", "--replicate", "0", "--wandb_mode", "disabled"]
    return [sys.executable, str(RUN_SWEEP), *flags, *further]


def swept(storage: Path, share: str, trials: int, epochs: int, further: list[str]) -> Swept:
    name, began = f"share-{share}", time.monotonic()
    done = subprocess.run(command(storage, name, share, trials, epochs, further), stdout=sys.stderr)
    if done.returncode:
        raise SystemExit(f"the sweep with --gpus_per_trial {share} ended with status {done.returncode}")
    placement = storage / name / "placement.json"
    packings = json.loads(placement.read_text(encoding="utf-8"))["packings"] if placement.exists() else []
    return Swept(share, time.monotonic() - began, trials_of(storage / name), packings)


def killed_and_gone_on_with(storage: Path, share: str, epochs: int, further: list[str]) -> Rows:
    """The first trial's rows, of a sweep whose driver was killed about half-way."""
    arguments = command(storage, "killed", share, 1, epochs, further)
    driver = subprocess.Popen(arguments, stdout=sys.stderr)
    while len((trials_of(storage / "killed") or [[]])[0]) < epochs // 2 and driver.poll() is None:
        time.sleep(SECONDS_BETWEEN_LOOKS)
    driver.kill()
    driver.wait()
    resumed = [sys.executable, str(RUN_SWEEP), "--storage_path", str(storage), "--resume", "killed"]
    if status := subprocess.run(resumed, stdout=sys.stderr).returncode:
        raise SystemExit(f"the sweep that was killed, gone on with, ended with status {status}")
    return trials_of(storage / "killed")[0]


def trials_of(sweep: Path) -> list[Rows]:
    """The whole rows of each trial."""
    files = sorted(sweep.glob("trial_*/result.json"))
    return [[json.loads(line) for line in file.read_bytes().split(b"\n")[:-1]] for file in files]


def compared(what: str, trials: list[Rows], others: list[Rows]) -> str:
    """In a sentence, whether they are the same to the last bit, or where they first part."""
    for number, (trial, other) in enumerate(zip(trials, others, strict=True)):
        for epoch, (row, twin) in enumerate(zip(trial, other, strict=True), start=1):
            for name in row:
                if "/" in name and not name.startswith(OF_CLOCKS) and row[name] != twin.get(name):
                    values = f"{name} is {row[name]} and {twin.get(name)}"
                    return f"- {what}: trial {number} differs from epoch {epoch} on: {values}"
    return f"- {what}: the same to the last bit ({sum(map(len, trials)):,} epochs)"


def gpus_here() -> list[str]:
    """Their names."""
    import torch

    return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=32)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--shares", nargs="+", default=SHARES, help="0 is a CPU: what can be tried without a GPU")
    parser.add_argument("further", nargs="*", help="after --: flags of run_sweep.py")
    wanted = parser.parse_args()
    gpus = gpus_here()
    if not gpus and {*wanted.shares} != {"0"}:
        print("gpu_shares.py: there is no GPU here that torch can use; run it where there is one", file=sys.stderr)
        sys.exit(2)
    storage = Path(tempfile.mkdtemp())
    try:
        sweeps = [swept(storage, share, wanted.trials, wanted.epochs, wanted.further) for share in wanted.shares]
        first = sweeps[0]
        print(f"{wanted.trials} trials of {wanted.epochs} epochs on {', '.join(gpus) or 'a CPU'}\n\n{HEADER}")
        print("\n".join(sweep.row for sweep in sweeps), end="\n\n")
        for sweep in sweeps:
            for packing in sweep.packings:
                print(f"- --gpus_per_trial {sweep.share}: {packing['trials_per_gpu']} on a GPU; {packing['why']}")
        for sweep in sweeps[1:]:
            what = f"--gpus_per_trial {sweep.share} beside {first.share}"
            print(compared(what, first.trials, sweep.trials))
        killed = killed_and_gone_on_with(storage, first.share, wanted.epochs, wanted.further)
        print(compared("killed and gone on with, beside uninterrupted", first.trials[:1], [killed]))
    finally:
        shutil.rmtree(storage, ignore_errors=True)


if __name__ == "__main__":
    main()
