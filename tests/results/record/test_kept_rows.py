"""What a sweep's record keeps of its trials' rows in memory."""

from pathlib import Path

from made_up_sweep import METRIC, MadeUpTrial, write_sweep

from results.record.sweeps import read_sweep
from results.record.trial.kept_rows import kept_rows
from results.record.trial.record import read_trial
from trainable.ranking import Objective, read_constraint

SCORES = (0.3, 0.5, 0.4)


def test_a_record_keeps_every_epochs_objective_and_all_of_the_best_one(tmp_path: Path) -> None:
    sweep = write_sweep(tmp_path / "s", [MadeUpTrial({"lr": 0.1}, SCORES, columns={"Train/Loss": 2.0})])
    (kept,), whole = read_sweep(sweep).trials, read_trial(sweep, 0)
    assert [row[METRIC] for row in kept.rows] == list(SCORES)
    assert ["Train/Loss" in row for row in kept.rows] == [False, True, False]
    assert kept.rows[1] == whole.rows[1]
    assert kept.columns == whole.columns == tuple(whole.rows[0])
    assert (kept.finished, kept.status(3)) == (whole.finished, whole.status(3))


def test_what_a_constraint_is_of_is_kept_of_every_epoch(tmp_path: Path) -> None:
    objective = Objective((METRIC,), ("max",), (read_constraint("Val/Late <= 0.1"),))
    rows = [{"training_iteration": epoch, METRIC: 0.5, "Val/Late": 0.2, "Val/Other": 1.0} for epoch in (1, 2)]
    first, second = kept_rows(rows, objective)
    assert first == rows[0]  # the best of two equal ones
    assert second == {"training_iteration": 2, METRIC: 0.5, "Val/Late": 0.2}


def test_trials_that_report_the_same_share_the_names_of_their_columns(tmp_path: Path) -> None:
    sweep = write_sweep(tmp_path / "s", [MadeUpTrial({"lr": lr}, SCORES) for lr in (0.1, 0.2)])
    one, other = read_sweep(sweep).trials
    assert one.columns is other.columns
    assert next(iter(one.rows[1])) is next(iter(other.rows[1]))
