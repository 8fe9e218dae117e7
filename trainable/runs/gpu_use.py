"""What an epoch takes of a GPU that its trial has to itself: of its memory, and of its time."""

import statistics
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

SECONDS_BETWEEN_LOOKS = 0.2
SECONDS_OF_BEFORE = 1.0
"""A GPU tells how busy it was over up to so long (NVML), so what it says at first is of the time before the epoch."""
FEWEST_LOOKS = 5
"""At how busy it is; an epoch too short for them does not tell."""

Given = TypeVar("Given")


@dataclass(frozen=True)
class GpuUse:
    """Of one GPU, in one epoch."""

    gpu: str
    """Its name."""
    total_mb: float
    peak_mb: float
    """The most that was taken of its memory: by tensors, what torch keeps for further ones, the process's context, and
    whatever else is there."""
    busy: float | None
    """The part of the time in which it computed; None where it cannot be asked (that takes the package nvidia-ml-py),
    or the epoch was too short to tell."""


def measured(step: Callable[[], Given], device: str) -> tuple[Given, GpuUse | None]:
    """What a function gives, and what it took meanwhile of a GPU; None where torch has none there.

    Args:
        device: as torch writes it.
    """
    torch = sys.modules.get("torch")
    if torch is None or not device.startswith("cuda") or not torch.cuda.is_available():
        return step(), None
    meter = _Meter(torch, device)
    try:
        given = step()
    finally:
        meter.stop()
    return given, meter.use()  # not of a step that failed: a GPU that has failed raises at whatever it is asked


class _Meter:
    """Looks at a GPU now and then, in a thread of its own."""

    def __init__(self, torch: Any, device: str) -> None:
        self._torch, self._device = torch, device
        self._began_at = time.monotonic()
        self._peak, self._busy, self._may_ask = 0.0, list[float](), True
        self._has_ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="gpu use", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._has_ended.set()
        self._thread.join()

    def use(self) -> GpuUse:
        """Up to now."""
        cuda = self._torch.cuda
        # Torch knows of a peak between two looks, unless the run has set its statistics back.
        unseen = cuda.max_memory_reserved(self._device) - cuda.memory_reserved(self._device)
        self._peak = max(self._peak, self._taken() + unseen)
        return GpuUse(
            gpu=str(cuda.get_device_name(self._device)),
            total_mb=cuda.get_device_properties(self._device).total_memory / 2**20,
            peak_mb=self._peak / 2**20,
            busy=statistics.fmean(self._busy) if len(self._busy) >= FEWEST_LOOKS else None,
        )

    def _watch(self) -> None:
        while not self._has_ended.wait(SECONDS_BETWEEN_LOOKS):
            self._peak = max(self._peak, self._taken())
            if self._may_ask and time.monotonic() - self._began_at > SECONDS_OF_BEFORE:
                try:
                    self._busy.append(self._torch.cuda.utilization(self._device) / 100)
                except Exception:  # no nvidia-ml-py, or whatever a driver's library raises that cannot tell
                    self._may_ask = False

    def _taken(self) -> float:
        """In bytes, by all processes."""
        free, total = self._torch.cuda.mem_get_info(self._device)
        return float(total - free)
