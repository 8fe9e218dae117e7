"""Milliseconds between moments at which the device has done all that it was asked."""

import time

import torch


class Stopwatch:
    """Runs from when it is made."""

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._last = self._now()

    def lap_ms(self) -> float:
        """Since the last lap."""
        before, self._last = self._last, self._now()
        return (self._last - before) * 1e3

    def _now(self) -> float:
        if self._device.type == "cuda":
            torch.cuda.synchronize(self._device)
        return time.perf_counter()
