"""The environment that runs the model: it answers from a store, and has measured what that lacks.

Whichever process measures a cell, all have its one value, so a run's numbers are those that a replay of the store
gives. Letters: `B` batch, `G` group, `S` samples, `C` configurations.
"""

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from trainable import contract
from trainable.grpo.controller_data import measuring_settings
from trainable.grpo.settings import GRPOSettings
from trainable.measuring.live_profile import LiveProfile
from trainable.measuring.store import MeasuredStore
from trainable.profiles.features import Features

if TYPE_CHECKING:
    from trainable.measuring.meter import Meter


class RunningModel:
    """The model of a process, for all its runs: loaded when the first cell is lacking, and not before.

    Args:
        device: that the model runs on.
    """

    def __init__(self, settings: GRPOSettings, device: str) -> None:
        self._settings, self._device = settings, device
        self._store: MeasuredStore | None = None
        self._meter: Meter | None = None

    def store(self, folder: Path) -> MeasuredStore:
        """The store in that folder, the same for all runs."""
        if self._store is None or self._store.folder != folder:
            self._store, self._meter = MeasuredStore.open(folder), None
        return self._store

    def measure(self, store: MeasuredStore, cells: Sequence[tuple[int, int]]) -> int:
        """Have the store hold these cells; how many were run for that in this process.

        Raises:
            UserError: the model cannot be loaded or is not the store's, or the store cannot be written.
        """
        if not store.missing(cells):
            return 0
        with _apart_from_training(self._device):
            if self._meter is None:
                from trainable.measuring.opening import open_meter  # imports transformers

                settings = measuring_settings(self._settings, store.folder)
                self._meter = open_meter(dataclasses.replace(settings, device=self._device), say=lambda sentence: None)
            _, _, num_measured = self._meter.measure(cells)
        return num_measured


@contextlib.contextmanager
def _apart_from_training(device: str) -> Iterator[None]:
    """Leave the training's random numbers as they are, and let the model run as it does for the profiler."""
    is_deterministic = torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[] if device == "cpu" else [device]):
        torch.use_deterministic_algorithms(False)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(is_deterministic)


class LiveEnvironment:
    """A store that fills as it is asked."""

    def __init__(self, profile: LiveProfile, features: Features, model: RunningModel, device: torch.device) -> None:
        self._features = torch.tensor(features.standardised(), device=device)  # [S, d]
        self._allowed = torch.tensor(profile.allowed, device=device)  # [S, C]
        self._model, self._store = model, model.store(profile.results_dir)
        self._asked = np.zeros(profile.allowed.shape, dtype=bool)  # [S, C]
        self._num_measured = 0

    def features(self, samples: Tensor) -> Tensor:
        return self._features[samples]

    def allowed(self, samples: Tensor) -> Tensor:
        return self._allowed[samples]

    def execute(self, samples: Tensor, configurations: Tensor) -> tuple[Tensor, Tensor]:
        """As `Environment`; where several of a group, or of a batch, are one cell, that is run once.

        Raises:
            UserError: as `RunningModel.measure`.
        """
        rows, columns = samples.cpu().numpy()[:, None], configurations.cpu().numpy()  # [B, 1], [B, G]
        wanted = np.zeros_like(self._asked)
        wanted[rows, columns] = True
        self._asked |= wanted
        self._num_measured += self._model.measure(self._store, [(int(s), int(c)) for s, c in np.argwhere(wanted)])
        accuracy, latency_ms = (
            torch.tensor(table[rows, columns], device=samples.device) for table in self._store.cells()
        )
        return accuracy, latency_ms

    def cost(self) -> Mapping[str, float]:
        """How many cells were measured here, and how many others were asked for that the store had."""
        counts = {
            contract.PERF_CELLS_MEASURED: float(self._num_measured),
            contract.PERF_CELLS_REUSED: float(self._asked.sum() - self._num_measured),
        }
        self._asked[:], self._num_measured = False, 0
        return counts
