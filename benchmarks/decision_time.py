"""Time of one decision of an exported policy at the original's sizes, beside torch asked for the same.

python benchmarks/decision_time.py              one CPU thread, half a minute
"""

import os

os.environ["OPENBLAS_NUM_THREADS"] = "1"  # read when numpy is imported

import statistics
import tempfile
import time
from pathlib import Path

import torch
from grpo_throughput import LANGUAGE, VISION, settings, synthetic_data

from trainable.exported_policy import ExportedPolicy
from trainable.grpo.checkpoint import Controller, read_controller
from trainable.grpo.run import GRPORun
from trainable.judging.policy_export import decision_ms, export_controller


def main() -> None:
    torch.set_num_threads(1)
    run = GRPORun(settings(256), synthetic_data(), 0, "cpu")
    run.step()
    with tempfile.TemporaryDirectory() as folder:
        run.save(Path(folder))
        controller = read_controller(Path(folder))
        export_controller(controller, Path(folder) / "policy")
        exported, with_torch = decision_ms(ExportedPolicy.load(Path(folder) / "policy")), torch_ms(controller)
    parameters = sum(parameter.numel() for parameter in controller.policy.parameters())
    print(f"{parameters:,} parameters, one CPU thread, median of 2,000 decisions\n")
    print("| asked | ms | beside torch |")
    print("| --- | --- | --- |")
    print(f"| exported policy (numpy) | {exported:.3f} | {with_torch / exported:.1f}x |")
    print(f"| the policy's forward in torch | {with_torch:.3f} | 1.0x |")


def torch_ms(controller: Controller) -> float:
    """Median time of standardised features to logits, without choosing from them."""
    features, budget_ms = torch.randn(1, LANGUAGE + VISION), torch.tensor([300.0])
    times = []
    with torch.inference_mode():
        for _ in range(2100):
            began = time.perf_counter()
            controller.policy(features, budget_ms)
            times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times[100:])


if __name__ == "__main__":
    main()
