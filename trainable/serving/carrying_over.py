"""A profile that was measured elsewhere, carried over to this machine by measuring a few of its cells here.

Letters: `S` samples of the profile, `C` configurations, `n` cells measured here.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from trainable.contract import UserError
from trainable.measuring.configurations import spread
from trainable.profiles.baselines import mean_of_measured
from trainable.profiles.image_split import TRAIN
from trainable.profiles.stages import read_stages
from trainable.profiles.table import Profile
from trainable.questions.sample import Question
from trainable.serving.budget_map import BudgetMap
from trainable.serving.calibration import Calibration, calibrate
from trainable.serving.controller import AdaptiveModel
from trainable.terminal.progress import progress

CONFIGURATIONS = 12
"""Tried, the cheapest and the dearest among them."""
RUNS = 3
"""Of each cell; the median of each stage counts."""


@dataclass(frozen=True)
class CarriedOver:
    """A profile in this machine's ms."""

    profile: Profile
    calibration: Calibration
    budget_map: BudgetMap
    """From this machine's ms to those of the profile that was carried over."""


def carry_over(profile: Profile, adaptive: AdaptiveModel, questions: Sequence[Question]) -> CarriedOver:
    """Measure questions of the profile under a spread of its configurations, and fit its stages to what they take.

    Args:
        adaptive: whose model is measured.
        questions: training samples; those that the profile lacks are not used.

    Raises:
        UserError: the profile has no stages or none of the questions, or what `calibrate` refuses.
    """
    row = {key: index for index, key in enumerate(profile.keys)}
    known = [question for question in questions if question.key in row]
    if not known:
        raise UserError(
            f"--calibrate: none of the dataset's training questions is in the profile {profile.results_dir} (by "
            "dataset, image_id and question_id); give the dataset that was profiled"
        )
    stages_ms = read_stages(profile).astype(np.float64)  # [S, C, 3]
    if not np.isclose(np.nansum(stages_ms), np.nansum(profile.latency_ms), rtol=0.05):
        raise UserError(
            f"--calibrate: the profile {profile.results_dir} has totals that are not the sum of its stages "
            "(T_vision_total, T_LLM_prefill, T_LLM_decode), so they can't be carried over; profile the model here"
        )
    rows = np.array([row[question.key] for question in known])
    means_ms = mean_of_measured(profile.latency_ms[profile.samples(TRAIN)])  # [C]
    columns = _configurations(profile)
    here_ms = _measure(profile, adaptive, known, columns)  # [questions, columns, 3]
    there_ms = stages_ms[rows[:, None], columns]
    measured = ~np.isnan(there_ms[..., 0])  # [questions, columns]
    samples = np.broadcast_to(rows[:, None], measured.shape)[measured]
    whole_ms = stages_ms[profile.measured]  # [N, 3]
    calibration = calibrate(there_ms[measured], here_ms[measured], samples, whole_ms)
    latency_ms = calibration.total_ms(stages_ms).astype(np.float32)  # NaN stays
    calibrated = replace(profile, latency_ms=latency_ms)
    means_here_ms = mean_of_measured(latency_ms[profile.samples(TRAIN)])
    return CarriedOver(calibrated, calibration, BudgetMap.between(means_ms, means_here_ms))


def _configurations(profile: Profile) -> list[int]:
    """Those to try: spread over the grid, of those that a training sample was measured under."""
    measured = np.flatnonzero(profile.measured[profile.samples(TRAIN)].any(axis=0)).tolist()
    return measured if len(measured) <= CONFIGURATIONS else [*spread(profile.grid, measured, CONFIGURATIONS)]


def _measure(
    profile: Profile,
    adaptive: AdaptiveModel,
    questions: Sequence[Question],
    columns: Sequence[int],
) -> np.ndarray:
    """Median latency (ms) of each stage, [questions, columns, 3]."""
    model, facts = adaptive.model, adaptive.facts
    images = [question.image() for question in questions]
    times_ms = np.empty((RUNS, len(questions), len(columns), 3))
    random = np.random.default_rng(0)
    with progress("calibrating", "answers", times_ms[..., 0].size) as advance:
        for run, places in enumerate(random.permuted(np.tile(np.arange(len(columns)), (RUNS, 1)), axis=1)):
            for place in places:
                knobs = profile.grid.configurations[columns[place]]
                model.turn(dict(zip(profile.grid.names, knobs, strict=True)), facts.drop_order)
                for index in (0, *range(len(questions))):  # the first once more, to warm up
                    answer = model.answer(model.read(images[index], questions[index].question), facts.max_new_tokens)
                    times_ms[run, index, place] = answer.vision_ms, answer.prefill_ms, answer.decode_ms
                advance(len(questions))
    medians: np.ndarray = np.median(times_ms, axis=0)
    return medians
