"""What a precision costs or saves an epoch of the joint controller, small and large, on the CPU and on a GPU if any.

    python benchmarks/precision.py > precision.md

On the shipped profile, one CPU thread; the precisions of a size take turns, epoch by epoch. On the CPU an epoch's CPU
time counts, on a GPU the time on the clock.
"""

import argparse
import statistics
import time

import torch

from trainable.contract import BF16, FP32, TF32, VAL_IN_BUDGET_ACCURACY, UserError
from trainable.grpo.joint_controller import KIND
from trainable.grpo.run import GRPORun
from trainable.grpo.settings import GRPOSettings
from trainable.runs import WorkerContext
from trainable.torch_process import set_up_torch

SIZES = {
    "as it ships": GRPOSettings(),
    "1,024 wide, batches of 256": GRPOSettings(hidden_size=1024, batch_size=256),
}


def can_compute(device: str, precision: str) -> bool:
    try:
        set_up_torch(WorkerContext(1, (device,), 1.0, precision=precision))
    except UserError:
        return False
    return True


def measure(settings: GRPOSettings, device: str, precisions: list[str], epochs: int) -> dict[str, tuple[float, float]]:
    """By precision, the median seconds of an epoch, without the first, and the best score."""
    data, clock = KIND.prepare(settings), time.process_time if device == "cpu" else time.perf_counter
    runs = {precision: GRPORun(settings, data, 0, device, precision=precision) for precision in precisions}
    seconds: dict[str, list[float]] = {precision: [] for precision in runs}
    scores: dict[str, list[float]] = {precision: [] for precision in runs}
    for _ in range(epochs):
        for precision, run in runs.items():
            set_up_torch(WorkerContext(1, (device,), 1.0, precision=precision))
            began = clock()
            metrics = run.step()  # it ends with numbers on the CPU, so that a GPU has done all by then
            seconds[precision].append(clock() - began)
            scores[precision].append(metrics[VAL_IN_BUDGET_ACCURACY])
    return {precision: (statistics.median(seconds[precision][1:]), max(scores[precision])) for precision in runs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=10, help="at least 2: the first is not measured")
    wanted = parser.parse_args()
    print("| device | controller | precision | seconds of an epoch | beside fp32 | best score |")
    print("| --- | --- | --- | --- | --- | --- |")
    for device in ["cpu", *(["cuda"] if torch.cuda.is_available() else [])]:
        name = torch.cuda.get_device_name() if device == "cuda" else "CPU, 1 thread"
        precisions = [precision for precision in (FP32, TF32, BF16) if can_compute(device, precision)]
        for size, settings in SIZES.items():
            measured = measure(settings, device, precisions, wanted.epochs)
            for precision, (seconds, score) in measured.items():
                ratio = seconds / measured[FP32][0]
                print(f"| {name} | {size} | {precision} | {seconds:.2f} | {ratio:.2f}x | {score:.3f} |", flush=True)


if __name__ == "__main__":
    main()
