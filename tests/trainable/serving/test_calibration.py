"""Latencies of one machine carried over to another, on machines that differ as we say."""

import numpy as np
import pytest

from trainable.contract import UserError
from trainable.serving.budget_map import BudgetMap
from trainable.serving.calibration import calibrate

SAMPLES, CONFIGURATIONS = 12, 6


def measured_there(decode_ms: float = 5.0) -> np.ndarray:
    """Stages of every sample under every configuration, [n, 3]: vision in three sizes, prefill by configuration."""
    random = np.random.default_rng(0)
    sample, configuration = np.divmod(np.arange(SAMPLES * CONFIGURATIONS), CONFIGURATIONS)
    vision = 1.0 + 2.0 * (configuration % 3)
    prefill = 4.0 + 3.0 * configuration + 0.1 * sample
    decode = decode_ms * random.uniform(0.5, 1.5, len(sample))
    return np.stack([vision, prefill, decode], axis=1)


def samples() -> np.ndarray:
    return np.repeat(np.arange(SAMPLES), CONFIGURATIONS)


def on_a_slower_machine(profile_ms: np.ndarray) -> np.ndarray:
    return profile_ms * [3.0, 1.5, 1.0] + [0.5, 0.0, 2.0]


def test_a_machine_that_is_slower_by_a_line_per_stage_is_recovered() -> None:
    there = measured_there()
    calibration = calibrate(there, on_a_slower_machine(there), samples(), there)
    assert calibration.slopes == pytest.approx((3.0, 1.5, 1.0))
    assert calibration.offsets_ms == pytest.approx((0.5, 0.0, 2.0), abs=1e-9)
    assert calibration.error_after == pytest.approx(0.0, abs=1e-9)
    # each total is more than half as long again here, so those of the profile miss by more than a third
    assert calibration.error_before > 1 / 3
    assert calibration.total_ms(np.array([1.0, 10.0, 4.0])) == pytest.approx(3.5 + 15.0 + 6.0)


def test_the_error_is_that_of_samples_that_the_fit_has_not_seen() -> None:
    there = measured_there()
    here = on_a_slower_machine(there)
    odd = samples() % 2 == 1  # which the fit does not see
    here[odd] *= 1.1
    calibration = calibrate(there, here, samples(), there)
    assert calibration.slopes == pytest.approx((3.0, 1.5, 1.0))
    assert calibration.error_after == pytest.approx(0.1 / 1.1)  # |x - 1.1 x| / 1.1 x


def test_a_stage_that_nothing_happens_in_stays_so() -> None:
    there = measured_there(decode_ms=0.0)
    here = there * 2.0
    calibration = calibrate(there, here, samples(), there)
    assert (calibration.slopes[2], calibration.offsets_ms[2]) == (0.0, 0.0)
    assert calibration.error_after == pytest.approx(0.0, abs=1e-9)


def test_a_stage_without_spread_among_the_samples_is_not_carried_over() -> None:
    whole = measured_there()
    same_tier = whole.copy()
    same_tier[:, 0] = 3.0
    with pytest.raises(UserError, match="the vision stage takes the same on all samples tried"):
        calibrate(same_tier, on_a_slower_machine(same_tier), samples(), whole)


def test_a_machine_with_another_order_is_not_carried_over() -> None:
    there = measured_there()
    here = there.copy()
    here[:, 1] = 40.0 - there[:, 1]
    with pytest.raises(UserError, match="the prefill stage is no slower here"):
        calibrate(there, here, samples(), there)


def test_too_large_an_error_is_no_basis_for_a_promise() -> None:
    there = measured_there()
    here = there * np.random.default_rng(1).uniform(0.3, 3.0, (len(there), 1))
    with pytest.raises(UserError, match=r"the calibrated latencies miss by \d+% on average"):
        calibrate(there, here, samples(), there)


def test_two_samples_are_no_calibration() -> None:
    there = measured_there()
    with pytest.raises(UserError, match="at least 4 samples"):
        calibrate(there, there, np.repeat([0, 1], len(there) // 2), there)


def test_a_budget_is_asked_for_in_the_profiles_ms() -> None:
    # here everything takes twice as long
    twice = BudgetMap.between(np.array([10.0, 5.0, np.nan, 20.0]), np.array([20.0, 10.0, np.nan, 40.0]))
    assert twice.in_profile_ms(30.0) == pytest.approx(15.0)
    assert (twice.in_profile_ms(1.0), twice.in_profile_ms(100.0)) == (5.0, 20.0)


def test_a_budget_allows_nothing_that_takes_longer_here() -> None:
    # The second of them is slow here: what allows it costs 30 ms, and below that there is the first alone.
    odd = BudgetMap.between(np.array([5.0, 10.0, 20.0]), np.array([10.0, 30.0, 25.0]))
    assert odd.in_profile_ms(10.0) == 5.0
    assert odd.in_profile_ms(29.9) < 10.0
    assert odd.in_profile_ms(30.0) == 20.0
