"""Whose checkpoint is judged on test data when a sweep has ended, if any is."""

from pathlib import Path

import pytest
from judged_quadratic import KIND
from quadratic_run import KIND as WITHOUT_TEST_DATA
from replicated_sweep import FRESH, write_replicated

from results.record.on_test_data import OnTestData, write_on_test_data
from results.record.sweeps import read_sweep
from tune.engine.winner import winner_to_judge


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """Its winner is trial 4's setting, which trial 8 confirmed, best in its second epoch."""
    return write_replicated(tmp_path / "a")


def test_the_winners_first_fresh_seed_is_judged_at_its_best_epoch(sweep: Path) -> None:
    record = read_sweep(sweep)
    assert winner_to_judge(KIND, record) == (record.trials[8], 2, sweep / "trial_00008" / "checkpoint_000002")
    assert winner_to_judge(WITHOUT_TEST_DATA, record) is None


def test_test_data_wait_for_a_winner_that_fresh_seeds_have_confirmed(tmp_path: Path) -> None:
    assert winner_to_judge(KIND, read_sweep(write_replicated(tmp_path / "searched", []))) is None
    assert winner_to_judge(KIND, read_sweep(write_replicated(tmp_path / "failed", [dict.fromkeys(FRESH)]))) is None


def test_a_checkpoint_is_judged_again_only_where_another_one_or_other_data_were_judged(sweep: Path) -> None:
    for trial, epoch, fingerprint, is_known in (
        (8, 2, "made-up", True), (7, 2, "made-up", False), (8, 1, "made-up", False), (8, 2, "other", False),
    ):  # fmt: skip
        write_on_test_data(sweep, OnTestData(trial, epoch, fingerprint, None))
        assert (winner_to_judge(KIND, read_sweep(sweep)) is None) == is_known
