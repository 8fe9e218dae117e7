"""The quadratic run, which shows of each epoch where it was trained and when; some nodes fail every trial."""

import os
import time
from pathlib import Path

import ray
from quadratic_run import Quadratic, QuadraticRun, QuadraticSettings

from trainable.runs import RunContext

BROKEN = "PLACED_RUN_IS_BROKEN_HERE"
"""In the environment of a node's workers."""


class PlacedRun(QuadraticRun):
    def step(self) -> dict[str, float]:
        if BROKEN in os.environ:
            raise RuntimeError("CUDA error: uncorrectable ECC error encountered")
        self._began = time.time()
        metrics = super().step()
        self._ended = time.time()
        return metrics

    def samples(self) -> list[dict[str, str | float]]:
        context = ray.get_runtime_context()
        return [
            {
                "node": context.get_node_id(),
                "cards": os.environ.get("CUDA_VISIBLE_DEVICES", ""),
                "gpus": context.get_assigned_resources().get("GPU", 0.0),
                "cpus": context.get_assigned_resources().get("CPU", 0.0),
                "began": self._began,
                "ended": self._ended,
                "code": str(Path(__file__).parent),
            }
        ]


class Placed(Quadratic):
    name = "placed"

    def start(self, settings: QuadraticSettings, data: None, context: RunContext) -> PlacedRun:
        return PlacedRun(settings, context.seed)


KIND = Placed()
