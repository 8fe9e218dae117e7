"""The quadratic run on made-up GPUs: it says what it takes of one, and has not enough where its share is smaller.

Ray gives away GPUs that it has only been told of as it does real ones, with CUDA_VISIBLE_DEVICES.
"""

import os
from dataclasses import dataclass, field

from quadratic_run import Quadratic, QuadraticRun, QuadraticSettings

from trainable.runs import GpuUse, Metric, RunContext

ON_GPUS = ("--run", "gpu_run:KIND")
GPU_MB = 8000.0
CARD = "Train/Card"
NO_CARD = -1.0
HUNGRY_EPOCH = 3


@dataclass(frozen=True)
class GpuSettings(QuadraticSettings):
    needs_mb: float = field(default=1000.0, metadata={"help": "what a trial takes of its GPU"})
    needs_later_mb: str = field(default="", metadata={"help": "from epoch 3 on, of trial 0, 1, ..., by commas"})


class GpuRun(QuadraticRun):
    def __init__(self, settings: GpuSettings, context: RunContext) -> None:
        super().__init__(settings, context.seed)
        self._has_mb = GPU_MB * context.memory_share
        later = dict(enumerate(filter(None, settings.needs_later_mb.split(","))))
        number = int(context.workspace.parent.name.removeprefix("trial_"))
        self._needs_mb, self._needs_later_mb = settings.needs_mb, float(later.get(number, settings.needs_mb))

    def step(self) -> dict[str, float]:
        needs_mb = self._needs_mb if self._epoch + 1 < HUNGRY_EPOCH else self._needs_later_mb
        if needs_mb > self._has_mb:
            raise RuntimeError(f"RESOURCE_EXHAUSTED: Out of memory while trying to allocate {needs_mb} MB")
        seen = os.environ.get("CUDA_VISIBLE_DEVICES", "all")
        return {**super().step(), CARD: float(seen) if seen else NO_CARD}

    def gpu_use(self) -> GpuUse:
        return GpuUse("a made-up GPU", GPU_MB, self._needs_mb, busy=0.2)


class OnGpus(Quadratic):
    name = "on_gpus"
    settings_type = GpuSettings
    metrics = (*Quadratic.metrics, Metric(CARD))

    def start(self, settings: GpuSettings, data: None, context: RunContext) -> GpuRun:  # type: ignore[override]
        return GpuRun(settings, context)


KIND = OnGpus()
