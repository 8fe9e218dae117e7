"""A profile's latencies carried over to another machine, stage by stage.

Machines do not differ by one factor: a GPU that is twice as fast in vision may be no faster in decoding. So each stage
(vision, prefill, decode) gets a line of its own, here = slope * profile + offset, fitted by least squares on a few
cells that were measured on both. An error counts relative to its cell's total, since budgets are missed by shares of
themselves. Half of the samples fit, the other half judge. Letters: `n` cells, a cell being a sample under a
configuration; stages are the last axis, as in `STAGES`.
"""

from dataclasses import dataclass

import numpy as np

from trainable.contract import UserError
from trainable.profiles.files import STAGES

LARGEST_ERROR = 0.25
"""Mean relative error on samples that the fit has not seen; beyond it no budget can be held by these latencies."""
NEGLIGIBLE = 0.01
"""Share of the total below which a stage is taken as constant: its differences are noise."""
LEAST_SPREAD = 0.05
"""Relative standard deviation below which a stage counts as constant."""
LEAST_SAMPLES = 4
STAGE_NAMES = ("vision", "prefill", "decode")


@dataclass(frozen=True)
class Calibration:
    """Lines from a profile's stage latencies to this machine's, and how well they do."""

    slopes: tuple[float, ...]
    """One a stage."""
    offsets_ms: tuple[float, ...]
    error_before: float
    """Mean relative error of the profile's own totals on the samples held out."""
    error_after: float
    """That of the calibrated ones."""
    samples: int
    cells: int

    def total_ms(self, stages_ms: np.ndarray) -> np.ndarray:
        """What a request takes here, [..., 3] -> [...]."""
        return _total_ms(stages_ms, self.slopes, self.offsets_ms)

    def in_words(self) -> str:
        lines = ", ".join(
            f"{name} x {slope:.3g} {'+' if round(offset_ms, 2) >= 0 else '-'} {abs(offset_ms):.2f} ms"
            for name, slope, offset_ms in zip(STAGE_NAMES, self.slopes, self.offsets_ms, strict=True)
        )
        return (
            f"Calibrated on {self.samples} samples ({self.cells} cells): {lines}; on those held out the profile's "
            f"latencies miss by {self.error_before:.1%} on average, the calibrated ones by {self.error_after:.1%}"
        )


def calibrate(profile_ms: np.ndarray, here_ms: np.ndarray, samples: np.ndarray, whole_ms: np.ndarray) -> Calibration:
    """Fit each stage on half of the samples, and judge the totals on the other half.

    Args:
        profile_ms: of each cell's stages as the profile has them, [n, 3].
        here_ms: as measured here, [n, 3].
        samples: which sample each cell is of, [n].
        whole_ms: the stages of everything that the profile holds, [N, 3]: what is to be carried over.

    Raises:
        UserError: these cells do not tell it: too few samples, a stage that varies in the profile and not among them,
            one that is not slower here where it is slower there, or too large an error on the samples held out.
    """
    different = np.unique(samples)
    if len(different) < LEAST_SAMPLES:
        raise UserError(f"--calibrate {len(different)}: a calibration takes at least {LEAST_SAMPLES} samples")
    fits = np.isin(samples, different[::2])  # [n]
    lines = [_line(stage, profile_ms[fits], here_ms[fits], whole_ms) for stage in range(len(STAGES))]
    slopes, offsets_ms = (tuple(of_stages) for of_stages in zip(*lines, strict=True))
    held_out, truth_ms = profile_ms[~fits], here_ms[~fits].sum(axis=1)
    before = mean_relative_error(held_out.sum(axis=1), truth_ms)
    after = mean_relative_error(_total_ms(held_out, slopes, offsets_ms), truth_ms)
    if after > LARGEST_ERROR:
        raise UserError(
            f"--calibrate {len(different)}: on samples held out, the calibrated latencies miss by {after:.0%} on "
            f"average (uncalibrated by {before:.0%}), so no budget can be promised; give a larger number when the "
            "machine is quiet, or profile the model on this machine"
        )
    return Calibration(slopes, offsets_ms, before, after, len(different), len(samples))


def _total_ms(stages_ms: np.ndarray, slopes: tuple[float, ...], offsets_ms: tuple[float, ...]) -> np.ndarray:
    total_ms: np.ndarray = np.maximum(stages_ms * np.array(slopes) + np.array(offsets_ms), 0.0).sum(axis=-1)
    return total_ms


def mean_relative_error(predicted_ms: np.ndarray, measured_ms: np.ndarray) -> float:
    """Mean of |predicted - measured| / measured."""
    return float(np.mean(np.abs(predicted_ms - measured_ms) / measured_ms))


def _line(stage: int, profile_ms: np.ndarray, here_ms: np.ndarray, whole_ms: np.ndarray) -> tuple[float, float]:
    """Slope and offset (ms) of one stage."""
    there, here, weights = profile_ms[:, stage], here_ms[:, stage], 1.0 / here_ms.sum(axis=1)
    is_small = there.sum() < NEGLIGIBLE * profile_ms.sum() and here.sum() < NEGLIGIBLE * here_ms.sum()
    if is_small or not _varies(whole_ms[:, stage]):
        return 0.0, float(np.average(here, weights=weights**2))
    if not _varies(there):
        raise UserError(
            f"--calibrate: the {STAGE_NAMES[stage]} stage takes the same on all samples tried ({there.mean():.3g} ms "
            f"in the profile) but not in the whole profile ({whole_ms[:, stage].min():.3g} to "
            f"{whole_ms[:, stage].max():.3g} ms), so it can't be carried over; give a larger number of samples"
        )
    columns = np.stack([there, np.ones_like(there)], axis=1) * weights[:, None]  # [n, 2]
    (slope, offset_ms), *_ = np.linalg.lstsq(columns, here * weights, rcond=None)
    if slope <= 0:
        raise UserError(
            f"--calibrate: the {STAGE_NAMES[stage]} stage is no slower here where the profile has it slower, so its "
            "latencies can't be carried over; give a larger number of samples when the machine is quiet"
        )
    return float(slope), float(offset_ms)


def _varies(latency_ms: np.ndarray) -> bool:
    return float(latency_ms.std()) > LEAST_SPREAD * float(latency_ms.mean())
