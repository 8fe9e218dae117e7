"""Curves by the project's own runs: recorded, or to see whether a landscape keeps what it promises."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from search.curves import Config, Curve, Origin, RecordedSetting, Recording, read_recording, write_recording
from search.landscape import Landscape
from search.unit_cube import Space, config_at

METRIC = "Val/In_Budget_Accuracy"
SOBOL_SEED = 7
FRESH_SEED = 1000
"""Of the first run that checks a promise."""
BY_PRODUCT = "product"
"""Begins the names of curves by the project's own run, where others are by a batched form of it."""
APART = 0.15
"""At least, between the settings that are checked, in the unit cube."""
HOW = "Trained by the project's own runs, one at a time; the starting values, then settings by a Sobol sequence"

Train = Callable[[Config, int], Curve]
"""A setting and a seed to the metric of every epoch."""


def trainer(profile_folder: Path, num_epochs: int) -> tuple[Train, str]:
    """The training of runs on a profile, and its fingerprint."""
    import torch

    from trainable.grpo.joint_controller import KIND
    from trainable.grpo.run import GRPORun
    from trainable.grpo.settings import GRPOSettings

    torch.set_num_threads(1)
    data = KIND.prepare(GRPOSettings(results_dir=str(profile_folder)))

    def train(config: Config, seed: int) -> Curve:
        run = GRPORun(GRPOSettings(results_dir=str(profile_folder), **config), data, seed, "cpu")
        return [run.step()[METRIC] for _ in range(num_epochs)]

    return train, data.profile.fingerprint


def record(file: Path, origin: Origin, space: Space, start: Config, settings: int, train: Train) -> Iterator[str]:
    """Add to a recording, which goes on where it ended, until it has that many settings; half of them twice.

    First every setting under seed 0, then the better half under seed 1: luck is to be known where searches end up.
    Yields a line about each curve, which is in the file by then.
    """
    from scipy.stats import qmc

    recording = read_recording(file) if file.exists() else Recording(origin, [])
    dimensions = len(space)
    drawn = qmc.Sobol(dimensions, rng=SOBOL_SEED).random(1 << (settings - 1).bit_length())
    configs = [start, *(config_at(space, point) for point in drawn)][:settings]
    recording.settings.extend(RecordedSetting(config) for config in configs[len(recording.settings) :])
    for seed in ("0", "1"):
        wanted = recording.settings
        if seed == "1":
            wanted = sorted(wanted, key=lambda setting: -max(setting.curves["0"]))[: settings // 2]
        for number, setting in enumerate(wanted, 1):
            if seed not in setting.curves:
                setting.curves[seed] = train(setting.config, int(seed))
                write_recording(Recording(origin, [one for one in recording.settings if one.curves]), file)
                yield f"seed {seed}: {number}/{len(wanted)}, best epoch {max(setting.curves[seed]):.4f}"


@dataclass(frozen=True)
class Promise:
    """What a landscape says of a setting, and what runs under fresh seeds found."""

    config: Config
    promised: float
    curves: dict[str, Curve]

    @property
    def found(self) -> list[float]:
        return [max(curve) for curve in self.curves.values()]


def fresh_seeds(recording: Recording, count: int) -> range:
    """Under which no curve of the recording has been trained."""
    used = {int(seed.split()[-1]) for setting in recording.settings for seed in setting.curves}
    first = max(FRESH_SEED, *(seed + 1 for seed in used))
    return range(first, first + count)


def check_promises(landscape: Landscape, tops: np.ndarray, seeds: range, train: Train) -> Iterator[Promise]:
    """Train the settings at points [m, d] under each seed."""
    for point, promised in zip(tops, landscape.qualities(tops), strict=True):
        config = config_at(landscape.space, point)
        yield Promise(config, float(promised), {f"{BY_PRODUCT} {seed}": train(config, seed) for seed in seeds})


def apart(best: np.ndarray, count: int) -> np.ndarray:
    """The first `count` of the points [m, d], best first, that are not next to a better one."""
    taken: list[np.ndarray] = []
    for point in best:
        if all(np.abs(point - other).max() > APART for other in taken):
            taken.append(point)
        if len(taken) == count:
            break
    return np.array(taken)
