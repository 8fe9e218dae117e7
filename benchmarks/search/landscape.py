"""A space as a simulator: every setting has a curve with the luck of its seed, and a true quality that is known.

The mean curve is a sum of principal components of the recorded mean curves, each interpolated by a Gaussian process on
the unit cube (Matérn 5/2; Rasmussen and Williams 2006, equations 2.25 and 4.17). Luck is what a recorded curve is off
by from the mean curve of its setting: a whole curve, so that its epochs hang together, of those that are nearest in
setting and in quality. The true quality of a setting is its expected best epoch: what a run under a fresh seed scores
on average.

Letters in shapes: `n` recorded settings, `R` recorded curves, `m` settings asked for, `d` hyperparameters, `E` epochs,
`K` components.
"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from search.curves import DATA, Recording, curves_file, read_recording
from search.unit_cube import Space, config_at, points
from search_spaces.choose import load_space

COMPONENTS = 6
NEIGHBOURS = 24
SIMILAR_QUALITY = 0.01
"""How far another setting's quality may be off for its luck to be as near as one length scale away."""
LONGEST_SCALE = 0.4
"""By which nearness is measured along a hyperparameter that hardly matters."""
NEAREST_IN_QUALITY = 30
AT_A_TIME = 500
TINY = 1e-6


@dataclass(frozen=True)
class Fit:
    """What was fitted to a recording, once: its own curves do the rest."""

    length_scales: list[list[float]]
    """[K, d]"""
    amplitudes: list[float]
    """[K], the variance of each process, relative to that of the component over the settings."""
    nuggets: list[float]
    """[K], what the process does not explain, relative likewise."""
    luck_at: list[float]
    """Qualities between which the factor of the luck is interpolated."""
    luck_factors: list[float]
    """Scale the luck such that a run's best epoch varies over seeds as was recorded there."""
    best_quality: float
    best_config: dict[str, Any]
    start_quality: float


def fit_file(profile: str, space: str) -> Path:
    return DATA / f"search_landscape_{profile}_{space}.json"


def write_fit(fit: Fit, file: Path) -> None:
    file.write_text(json.dumps(asdict(fit), indent=1) + "\n", encoding="utf-8")


def read_landscape(profile: str, space: str) -> "Landscape":
    fit = Fit(**json.loads(fit_file(profile, space).read_text(encoding="utf-8")))
    return Landscape(read_recording(curves_file(profile, space)), load_space(space).distributions, fit)


def matern(a: np.ndarray, b: np.ndarray, length_scales: np.ndarray) -> np.ndarray:
    """Matérn 5/2 correlations [m, n] of points a [m, d] and b [n, d]."""
    squared = (((a[:, None] - b[None]) / length_scales) ** 2).sum(-1)
    distance = np.sqrt(5 * np.maximum(squared, 1e-12))
    return (1 + distance + distance**2 / 3) * np.exp(-distance)


class MeanCurves:
    """The recorded mean curves as components, and how sure each is."""

    def __init__(self, recording: Recording, space: Space) -> None:
        curves = [np.array(list(setting.curves.values())) for setting in recording.settings]  # [seeds, E] each
        self.points = points(space, [setting.config for setting in recording.settings])  # [n, d]
        self.recorded = np.array([of_seeds.mean(0) for of_seeds in curves])  # [n, E]
        self.center = self.recorded.mean(0)  # [E]
        left, sizes, right = np.linalg.svd(self.recorded - self.center, full_matrices=False)
        self.basis = right[:COMPONENTS]  # [K, E]
        self.scores = left[:, :COMPONENTS] * sizes[:COMPONENTS]  # [n, K]
        self.spread = self.scores.std(0)  # [K]
        self.luck = self._luck(curves)  # [n, K]
        self.setting_of = np.repeat(np.arange(len(curves)), [len(of_seeds) for of_seeds in curves])  # [R]
        self.curves = np.concatenate(curves)  # [R, E]

    def _luck(self, curves: list[np.ndarray]) -> np.ndarray:
        """The variance of each mean in each component, relative to `spread` squared.

        That of one seed is the mean over the settings with several seeds that are nearest in quality. A process that is
        left to find it takes luck for landscape, and the highest of many lucky peaks is no truth: it promised .657
        where eight fresh seeds gave .643.
        """
        several = np.array([index for index, of_seeds in enumerate(curves) if len(of_seeds) > 1])
        within = np.array([((curves[index] - self.center) @ self.basis.T).var(0, ddof=1) for index in several])
        quality = self.recorded.max(1)
        apart = np.abs(quality[:, None] - quality[several][None])  # [n, several]
        nearest = np.argsort(apart, axis=1)[:, :NEAREST_IN_QUALITY]
        seeds = np.array([len(of_seeds) for of_seeds in curves])
        return within[nearest].mean(1) / seeds[:, None] / self.spread**2 + TINY


class Landscape:
    """Draws curves of any setting."""

    def __init__(self, recording: Recording, space: Space, fit: Fit, means: MeanCurves | None = None) -> None:
        self.recording, self.space, self.fit = recording, space, fit
        self.origin = recording.origin
        self._means = means or MeanCurves(recording, space)
        self.recorded_points = self._means.points  # [n, d]
        self._scales = np.array(fit.length_scales)  # [K, d]
        self._weights = np.array([self._process(component) for component in range(COMPONENTS)])  # [K, n]
        expected = self.mean_curves(self._means.points)[self._means.setting_of]  # [R, E]
        self._luck = self._means.curves - expected  # [R, E]
        self._luck_points = self._means.points[self._means.setting_of]  # [R, d]
        self._luck_tops = expected.max(1)  # [R]
        self._nearness = np.minimum(self._scales[0], LONGEST_SCALE)

    def _process(self, component: int) -> np.ndarray:
        means, fit = self._means, self.fit
        amplitude = fit.amplitudes[component]
        covariance = amplitude * matern(means.points, means.points, self._scales[component])
        covariance[np.diag_indices_from(covariance)] += means.luck[:, component] + fit.nuggets[component]
        return amplitude * np.linalg.solve(covariance, means.scores[:, component])

    def mean_curves(self, at: np.ndarray) -> np.ndarray:
        """[m, E] at points [m, d]."""
        scores = [
            matern(at, self._means.points, scales) @ weights
            for scales, weights in zip(self._scales, self._weights, strict=True)
        ]
        return self._means.center + np.stack(scores, 1) @ self._means.basis

    def draws(self, at: np.ndarray) -> np.ndarray:
        """All curves that the settings at [m, d] can have, [m, NEIGHBOURS, E]: each is as likely."""
        means = self.mean_curves(at)
        tops = means.max(1)
        distance = (((at[:, None] - self._luck_points[None]) / self._nearness) ** 2).sum(-1)
        distance += ((tops[:, None] - self._luck_tops[None]) / SIMILAR_QUALITY) ** 2  # bad settings vary more
        near = np.argpartition(distance, NEIGHBOURS, axis=1)[:, :NEIGHBOURS]
        factor = np.interp(tops, self.fit.luck_at, self.fit.luck_factors)
        luck = self._luck[near]  # [m, NEIGHBOURS, E]
        return means[:, None] + (luck - luck.mean(1, keepdims=True)) * factor[:, None, None]

    def qualities(self, at: np.ndarray) -> np.ndarray:
        """[m], the expected best epoch at points [m, d]."""
        parts = np.array_split(at, max(1, len(at) // AT_A_TIME))
        return np.concatenate([self.draws(part).max(2).mean(1) for part in parts])

    def snapped(self, at: np.ndarray) -> np.ndarray:
        """Points [m, d] moved to where their settings lie: discrete values to the middle of their cell."""
        return points(self.space, [config_at(self.space, point) for point in at])

    def seed_curve(self, config: dict[str, Any], generator: np.random.Generator) -> tuple[np.ndarray, float]:
        """A run's curve [E] under a seed of its own, and the setting's true quality."""
        curves = self.draws(points(self.space, [config]))[0]
        return curves[generator.integers(len(curves))], float(curves.max(1).mean())
