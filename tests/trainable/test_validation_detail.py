"""A validation under each budget and per image, by hand."""

import numpy as np
import pytest

from trainable.image_split import VALIDATION
from trainable.validation_detail import detail, detailed_baselines, image_scores


def test_budgets_and_images_by_hand():
    accuracy = np.array([[1.0, 1.0], [0.5, 0.5], [1.0, 0.0]])
    latency_ms = np.array([[4.0, 8.0], [6.0, 6.0], [5.0, 5.0]])
    found = detail(accuracy, latency_ms, np.array([5.0, 10.0]), np.array([7, 3, 7]))
    # Under 5 ms the second sample is late: (1 + 0 + 1) / 3; under 10 ms none is: (1 + .5 + 0) / 3
    assert [entry["in_budget_accuracy"] for entry in found["budgets"]] == pytest.approx([2 / 3, 0.5])
    assert [entry["violation_rate"] for entry in found["budgets"]] == pytest.approx([1 / 3, 0])
    assert [entry["latency_ms"] for entry in found["budgets"]] == pytest.approx([5, 19 / 3])
    # Image 3: its one sample is in time once, (0 + .5) / 2; image 7: (1 + 1) / 2 and (1 + 0) / 2
    assert found["image_scores"] == [[0.25, 1], [1.5, 2]]


def test_a_sample_that_was_not_measured_counts_for_no_image():
    assert image_scores(np.array([1.0, np.nan, 0.5]), np.array([2, 2, 9])) == ((1.0, 1), (0.5, 1))


def test_the_details_of_a_baseline_add_up_to_its_value(shipped):
    for baseline in detailed_baselines(shipped.profile, VALIDATION):
        total, count = map(sum, zip(*baseline.image_scores, strict=True))
        assert total / count == pytest.approx(baseline.value, abs=1e-6)
        under = [entry["in_budget_accuracy"] for entry in baseline.budgets]
        assert sum(under) / len(under) == pytest.approx(baseline.value, abs=1e-6)
