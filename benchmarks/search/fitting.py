"""A landscape fitted to a recording: length scales, how large luck is at which quality, where the best setting lies."""

import dataclasses
from collections.abc import Callable

import numpy as np

from search.curves import Recording
from search.landscape import COMPONENTS, Fit, Landscape, MeanCurves
from search.luck import flattery
from search.unit_cube import Space, config_at, points

SCALES, AMPLITUDES, NUGGETS = (0.25, 20.0), (0.05, 50.0), (1e-5, 2.0)
"""Bounds of the hyperparameters of a process."""
BANDS = 4
"""Of quality, each with as many pairs of seeds, in which the luck is scaled."""
CALIBRATIONS = 3
LARGEST_FACTOR = 1.0
"""Luck that no run had is invented by none: scaled up, that of bad settings would beat the best of the space."""
FLATTERED, TOO_FLATTERING, TAMING = 20, 1.15, 0.75
"""The best of so many settings may be flattered so much more than recorded; else luck is scaled, again and again."""
SOBOL_POINTS = 4096
REFINED, AROUND = 20, 1000
WIDTHS = (0.1, 0.05, 0.02)
"""Around the best so many points, so many more are drawn, at each of these distances in turn."""


def fit(recording: Recording, space: Space, start: dict[str, object]) -> Fit:
    """By maximum marginal likelihood (scikit-learn); then luck is calibrated, then the best setting is looked for.

    Args:
        start: the starting values of the space.
    """
    means = MeanCurves(recording, space)
    scales, amplitudes, nuggets = [], [], []
    for component in range(COMPONENTS):
        of_component = _process(means, component)
        scales.append([float(scale) for scale in of_component[0]])
        amplitudes.append(of_component[1])
        nuggets.append(of_component[2])
    found = Fit(scales, amplitudes, nuggets, [0.0], [1.0], 0.0, {}, 0.0)
    for _ in range(CALIBRATIONS):
        found = _calibrated(Landscape(recording, space, found, means), found, means, recording)
    found = _tamed(found, lambda fit: Landscape(recording, space, fit, means))
    landscape = Landscape(recording, space, found, means)
    (best, *_), qualities = best_points(landscape)
    return dataclasses.replace(
        found,
        best_quality=float(qualities[0]),
        best_config=config_at(space, best),
        start_quality=float(landscape.qualities(points(space, [start]))[0]),
    )


def _process(means: MeanCurves, component: int) -> tuple[np.ndarray, float, float]:
    """Its length scales [d], amplitude and nugget."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

    dimensions = means.points.shape[1]
    kernel = ConstantKernel(1.0, AMPLITUDES) * Matern([0.5] * dimensions, SCALES, nu=2.5) + WhiteKernel(0.01, NUGGETS)
    process = GaussianProcessRegressor(kernel, alpha=means.luck[:, component], random_state=component)
    process.fit(means.points, means.scores[:, component] / means.spread[component])
    correlated, white = process.kernel_.k1, process.kernel_.k2
    return np.array(correlated.k2.length_scale), float(correlated.k1.constant_value), float(white.noise_level)


def _calibrated(landscape: Landscape, fit: Fit, means: MeanCurves, recording: Recording) -> Fit:
    """The factors of the luck times what a best epoch varies by in the recording over what it does here."""
    curves = [np.array(list(setting.curves.values())) for setting in recording.settings]
    pairs = [
        (index, (first.max() - second.max()) ** 2 / 2)
        for index, of_seeds in enumerate(curves)
        for first, second in zip(of_seeds[::2], of_seeds[1::2], strict=False)
    ]
    at = means.points[[index for index, _ in pairs]]
    recorded = np.array([variance for _, variance in pairs])
    drawn = landscape.draws(at).max(2).var(1)
    tops = landscape.mean_curves(at).max(1)
    bands = np.array_split(np.argsort(tops), BANDS)
    qualities = [float(tops[band].mean()) for band in bands]
    before = np.interp(qualities, fit.luck_at, fit.luck_factors)
    ratios = [float(np.sqrt(recorded[band].mean() / drawn[band].mean())) for band in bands]
    factors = [min(float(factor), LARGEST_FACTOR) for factor in before * ratios]
    return dataclasses.replace(fit, luck_at=qualities, luck_factors=factors)


def _tamed(fit: Fit, landscape_of: Callable[[Fit], Landscape]) -> Fit:
    """All factors of the luck made smaller until the best of several settings is flattered as its other seeds say.

    The spread over seeds alone does not tell: where a landscape misses some settings by much, its few large deviations
    win a search.
    """
    while True:
        judged = flattery(landscape_of(fit), (FLATTERED,))
        if all(one.in_landscape <= TOO_FLATTERING * one.recorded for one in judged):
            return fit
        fit = dataclasses.replace(fit, luck_factors=[TAMING * factor for factor in fit.luck_factors])


def best_points(landscape: Landscape) -> tuple[np.ndarray, np.ndarray]:
    """Settings from a search of the whole cube and around its best, [m, d], best first, and their qualities [m]."""
    from scipy.stats import qmc

    generator = np.random.default_rng(0)
    dimensions = len(landscape.space)
    anywhere = qmc.Sobol(dimensions, rng=3).random(SOBOL_POINTS)
    at = np.concatenate([landscape.snapped(anywhere), landscape.recorded_points])
    qualities = landscape.qualities(at)
    for width in WIDTHS:
        centres = at[np.argsort(-qualities)[:REFINED]][generator.integers(REFINED, size=AROUND)]
        around = centres + generator.normal(0, width, (AROUND, dimensions))
        more = landscape.snapped(np.clip(around, 0, 1))
        at, qualities = np.concatenate([at, more]), np.concatenate([qualities, landscape.qualities(more)])
    best_first = np.argsort(-qualities, kind="stable")
    return at[best_first], qualities[best_first]
