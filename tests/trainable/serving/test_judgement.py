"""Promises and what became of them, by hand; what a folder of few cells may promise."""

import numpy as np
import pytest
from profiles import IMAGES, write_profile

from trainable.profiles.image_split import TEST, TRAIN, VALIDATION
from trainable.profiles.table import Profile, load_profile
from trainable.serving.budgets import read_budget
from trainable.serving.execution import Executed
from trainable.serving.judgement import POLICY, PromisedFor, judged, promised_for
from trainable.serving.promises import promises

QUICK, SLOW = ("low", 1, 4), ("high", 1, 4)
BUDGETS_MS = np.array([15.0, 60.0])


@pytest.fixture(scope="module")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """The quick configuration takes 10 ms and is right every other time, the slow one takes 40 ms and always is.

    The last of the test samples was never measured under the slow one.
    """

    def measure(image: int, configuration: tuple[str, int, int]) -> tuple[float, float] | None:
        if configuration == QUICK:
            return float(IMAGES.index(image) % 2), 10.0
        return None if image == IMAGES[-1] else (1.0, 40.0)

    return load_profile(write_profile(tmp_path_factory.mktemp("profile"), measure, configurations=[QUICK, SLOW]))


def test_what_is_late_is_counted_with_the_overhead(profile: Profile) -> None:
    rows = profile.samples(TRAIN)
    quick, slow = np.zeros((len(rows), 2), dtype=int), np.ones((len(rows), 2), dtype=int)
    under_tight, under_wide = (promise.point for promise in promises(profile, rows, quick, BUDGETS_MS, overhead_ms=4.0))
    assert (under_tight.latency_ms, under_tight.violation_rate, under_tight.accuracy) == (14.0, 0.0, 0.5)
    # 40 ms would be in time, with the overhead of 21 ms it is not
    _, under_wide = (promise.point for promise in promises(profile, rows, slow, BUDGETS_MS, overhead_ms=21.0))
    assert (under_wide.violation_rate, under_wide.accuracy, under_wide.in_budget_accuracy) == (1.0, 1.0, 0.0)


def test_nothing_is_promised_that_no_configuration_can_hold(profile: Profile) -> None:
    rows = profile.samples(TRAIN)
    quick = np.zeros((len(rows), 2), dtype=int)
    tight, wide = promises(profile, rows, quick, BUDGETS_MS, overhead_ms=6.0)
    assert tight.point is None
    assert tight.refusal == "the fastest configuration takes 16 ms"
    assert wide.point.latency_ms == 16.0


def test_nothing_is_promised_of_what_was_hardly_measured(profile: Profile) -> None:
    rows = profile.samples(TEST)[-1:]
    (promise,) = promises(profile, rows, np.ones((1, 1), dtype=int), np.array([60.0]), overhead_ms=0.0)
    assert promise.point is None
    assert promise.refusal == "the profile has numbers for 0% of what is chosen"


def test_validation_stands_in_for_questions_that_the_profile_lacks(profile: Profile) -> None:
    rows, validation = profile.samples(TEST), profile.samples(VALIDATION)
    quick, slow = (np.full((len(rows), 2), index) for index in (0, 1))
    of_validation = np.ones((len(validation), 2), dtype=int)
    same = promised_for(profile, len(rows), rows, quick, of_validation)
    assert (same.rows.tolist(), same.choices.tolist()) == (rows.tolist(), quick.tolist())
    for lacking in (
        promised_for(profile, len(rows) + 1, rows, quick, of_validation),  # one more is asked
        promised_for(profile, len(rows), rows, slow, of_validation),  # a cell was never measured
    ):
        assert lacking.rows.tolist() == validation.tolist()
        assert "6 validation samples" in lacking.in_words


def test_each_line_is_what_was_measured_by_hand(profile: Profile) -> None:
    rows = profile.samples(TRAIN)
    promised = PromisedFor(rows, np.zeros((len(rows), 2), dtype=int), "")
    latency_ms = np.array([[12.0, 50.0], [14.0, 61.0], [16.0, 70.0], [18.0, 59.0]])
    executed = Executed(
        accuracy=np.array([[1.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]),
        latency_ms=latency_ms,
        overhead_ms=np.ones((4, 2)),
        features_ms=np.full((4, 2), 0.75),
        reading_ms=np.full((4, 2), 2.0),
        fixed_accuracy=np.array([[0.0, 1.0]] * 4),
        fixed_latency_ms=np.array([[10.0, 40.0]] * 4),
    )
    budgets = (read_budget("15"), read_budget("1"))
    baselines = {"fixed": np.array([1, 1]), "table": np.array([0, 1])}
    lines = judged(profile, budgets, BUDGETS_MS, promised, baselines, [0, 1], executed, overhead_ms=1.0)
    assert [line.chooser for line in lines] == [POLICY, "fixed", "table"] * 2
    tight, wide = (line.measured for line in lines if line.chooser == POLICY)
    # 12 and 14 ms are within 15; of those the first answer is right
    assert (tight.violation_rate, tight.in_budget_accuracy, tight.accuracy) == (0.5, 0.25, 0.75)
    # 50 and 59 ms are within 60, both right
    assert (wide.violation_rate, wide.in_budget_accuracy, wide.latency_ms) == (0.5, 0.5, 60.0)
    assert tight.p50_latency_ms == 15.0
    assert tight.p99_latency_ms == pytest.approx(16.0 + 0.97 * 2.0)  # 99 % of the way along three gaps: 2.97
    fixed_tight, fixed_wide = (line.measured for line in lines if line.chooser == "fixed")
    assert (fixed_tight.violation_rate, fixed_wide.violation_rate) == (1.0, 0.0)
    table_tight, table_wide = (line.measured.latency_ms for line in lines if line.chooser == "table")
    assert (table_tight, table_wide) == (10.0, 40.0)
    # a baseline has no policy to pay for
    assert [line.promise.point.latency_ms for line in lines] == [11.0, 40.0, 10.0, 11.0, 40.0, 40.0]
    assert executed.medians_ms() == {"overhead": 1.0, "features": 0.75, "decision": 0.25, "reading": 2.0}
