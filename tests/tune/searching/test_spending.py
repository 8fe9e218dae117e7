"""What a sweep has taken, followed live and taken from the record, and when that ends its search."""

from pathlib import Path

import pytest
from made_up_sweep import METRIC, MadeUpTrial, write_sweep
from replicated_sweep import write_replicated

from results.record.sweeps import read_sweep
from tune.searching.caps import Caps
from tune.searching.spending import Spending
from tune.searching.stopping import StopWhen


def row(epoch: int, score: float = 0.5) -> dict[str, float]:
    return {"training_iteration": epoch, METRIC: score}


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    return write_sweep(tmp_path / "sweep", [], num_epochs=9)


def spending(folder: Path, caps: Caps = Caps(), rule: StopWhen | None = None) -> Spending:  # noqa: B008
    return Spending(read_sweep(folder), caps, rule, lambda: 0.0)


def test_trials_that_run_at_once_end_with_not_one_epoch_too_many(empty: Path) -> None:
    """Ten epochs, two trials in turn: while one is amid its fifth, the other pauses at its own."""
    spent = spending(empty, Caps(epochs=10))
    for number in (0, 1):
        spent.begin(number, {"lr": number}, is_replicate=False)
    for epoch in range(1, 5):
        for number in (0, 1):
            assert not spent.pauses(number, epoch)
            spent.hear(number, row(epoch))
    assert spent.why_over() == "epoch_budget"  # nobody else begins
    for number in (0, 1):
        assert spent.pauses(number, 5)
        spent.end(number, failed=False, goes_on=True)
        spent.hear(number, row(5))
    assert spent.why_over() == "epoch_budget"
    assert not spent.lets_go_on(0)


def test_an_epoch_that_comes_twice_after_a_lost_worker_counts_once_and_stays_counted(empty: Path) -> None:
    spent = spending(empty, Caps(epochs=5))
    for number in (0, 1):
        spent.begin(number, {"lr": number}, is_replicate=False)
    for epoch in (1, 2, 1):
        spent.hear(0, row(epoch))
    assert not spent.pauses(1, 1)
    assert spent.pauses(1, 2)


def test_an_epoch_that_a_failure_took_is_given_to_another(empty: Path) -> None:
    spent = spending(empty, Caps(epochs=1))
    spent.begin(0, {"lr": 0}, is_replicate=False)
    assert spent.why_over()
    spent.end(0, failed=True, goes_on=False)
    assert not spent.why_over()


def test_a_resume_amid_the_replicates_runs_these_and_nothing_of_the_search(tmp_path: Path) -> None:
    """Of 48 epochs 24 are the search's, which has 15; with 33 of 33 it is over, and stays so."""
    folder = write_replicated(tmp_path / "sweep", ({0: 0.5},), num_epochs=3)
    file = folder / "trial_00005" / "result.json"
    file.write_text(file.read_text(encoding="utf-8").splitlines(keepends=True)[0], encoding="utf-8")
    for budget in (27, 30):
        spent = spending(folder, Caps(epochs=budget, finalists=4, num_epochs=3))
        assert (spent.why_over() == "epoch_budget") == (budget == 27)
        assert spent.lets_go_on(5)
        assert spent.lets_go_on(1) == (budget == 30)
        assert spent.room == {27: 3, 30: 4}[budget]


def test_a_replicate_of_what_is_a_finalist_no_more_was_the_searchs_expense(tmp_path: Path) -> None:
    """Fifteen epochs of the search, twelve of four replicates: of 30 epochs 12 are for those of finalists."""
    caps = Caps(epochs=30, finalists=4, num_epochs=3)
    folder = write_replicated(tmp_path / "as_before")
    assert not spending(folder, caps).why_over()
    spent = spending(folder, caps)
    spent.begin(9, {"lr": 9.0}, is_replicate=False)
    spent.hear(9, row(1, score=0.99))
    assert spent.why_over() == "epoch_budget"
    spent.end(9, failed=False, goes_on=True)
    assert spent.room == 0  # of two epochs


def test_a_rule_to_stop_by_lets_trials_that_have_begun_end_as_they_would(empty: Path) -> None:
    spent = spending(empty, rule=StopWhen(0.1, 1))
    for number in (0, 1, 2):
        spent.begin(number, {"lr": number}, is_replicate=False)
    for number in (0, 1):
        spent.hear(number, row(1))
        spent.end(number, failed=False, goes_on=False)
    assert spent.why_over() == "stop_when"
    assert not spent.pauses(2, 1)
    assert spent.lets_go_on(2)
    spent.hear(2, row(1, score=0.9))
    assert not spent.why_over()  # it pays off after all


def test_a_trial_that_failed_or_was_cut_by_a_cap_says_nothing_of_the_gain(empty: Path) -> None:
    spent = spending(empty, rule=StopWhen(0.1, 1))
    for number in (0, 1, 2):
        spent.begin(number, {"lr": number}, is_replicate=False)
        spent.hear(number, row(1))
        spent.end(number, failed=number == 1, goes_on=number == 2)
    assert not spent.why_over()


def test_out_of_time_replicates_pause_too(tmp_path: Path) -> None:
    trials = [MadeUpTrial({"lr": 0.1}, (0.5,), ended=False, columns={"sweep_time_s": 5.0})]
    folder = write_sweep(tmp_path / "sweep", trials, num_epochs=9)
    seconds = [5.0]
    spent = Spending(read_sweep(folder), Caps(seconds=60.0, finalists=2, num_epochs=9), None, lambda: seconds[0])
    spent.begin(1, {"lr": 0.1, "seed": 1}, is_replicate=True)
    assert not spent.pauses(1, 1)
    seconds[0] = 61.0
    assert spent.pauses(1, 1)
    assert not spent.lets_go_on(1)
