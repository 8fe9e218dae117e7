"""A sweep that a cap ends, and that goes on when there is more to spend."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from made_once import made_once
from sweep_here import sweep_here
from sweep_process import QUADRATIC, curve, curves, epochs_recorded, params

from results.record.sweeps import read_sweep

BUDGET = 38
FLAGS = (*QUADRATIC, "--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1)
"""Those of the twin, which has no cap."""


@dataclass(frozen=True)
class Capped:
    """What a sweep printed that was capped, gone on with as it was, and given more."""

    folder: Path
    first: str
    again: str
    extended: str
    end: str
    """What the record said of its end."""
    epochs: int
    statuses: dict[int, str]
    num_replicates: int
    page: str
    """The report of then."""


def capped_sweep(storage: Path) -> Capped:
    folder = storage / "capped"

    def run(*flags: object) -> str:
        done = sweep_here(storage, *flags, "--replicate", 3, "--wandb_mode", "disabled")
        assert done.returncode == 0, done.stderr
        return done.stdout

    first = run("--name", "capped", *FLAGS, "--epoch_budget", BUDGET)
    record, epochs = read_sweep(folder), epochs_recorded(folder)
    page = (folder / "report.html").read_text(encoding="utf-8")
    again = run("--resume", "capped")
    assert epochs_recorded(folder) == epochs
    extended = run("--resume", "capped", "--epoch_budget", 400)
    statuses = {trial.number: str(trial.status(record.num_epochs)) for trial in record.trials}
    assert record.finished
    assert record.end
    return Capped(folder, first, again, extended, record.end.by, epochs, statuses, len(record.replicates), page)


@pytest.fixture(scope="module")
def capped(tmp_path_factory: pytest.TempPathFactory) -> Capped:
    return made_once(tmp_path_factory, "capped_sweep", capped_sweep)


def test_a_capped_sweep_ends_like_a_finished_one_and_says_what_ended_it_and_how_to_go_on(capped: Capped) -> None:
    """Half of so small a budget is the search's; of the other half one replicate can be run."""
    assert capped.epochs == 19 + 12
    assert capped.num_replicates == 1
    assert capped.end == "epoch_budget"
    assert "ends    at the latest after 38 epochs in all" in capped.first
    assert "Best: trial" in capped.first
    last = capped.first.strip().splitlines()[-1]
    assert last.startswith("Ended by --epoch_budget 38: 19 epochs of the search and 12 of replicates; ")
    assert "2 replicates more had no room. Go on with: " in last
    assert last.endswith(" --epoch_budget N")
    assert "--epoch_budget 38: 19 epochs of the search and 12 of replicates" in capped.page


def test_a_trial_is_paused_amid_its_epochs_and_one_at_a_rung_waits(capped: Capped) -> None:
    assert "unfinished" in capped.statuses.values()
    assert "paused" in capped.statuses.values()


def test_gone_on_with_under_the_same_cap_it_says_the_same(capped: Capped) -> None:
    assert capped.again.strip().splitlines()[-1] == capped.first.strip().splitlines()[-1]


def test_with_more_to_spend_its_search_ends_as_one_that_was_never_capped(
    capped: Capped, quadratic_sweep: tuple[Path, str]
) -> None:
    """Also where the trials' numbers are others, since a replicate came between."""
    record, twin = read_sweep(capped.folder), curves(quadratic_sweep[0])
    assert [(params(trial.folder), curve(trial.folder)) for trial in record.search_trials] == [*twin.values()]
    assert {trial.number for trial in record.replicates} != set(range(8, 12))
    assert record.end is None
    assert "Ended by" not in capped.extended
    assert "epoch_budget: 38 -> 400" in capped.extended


def test_for_how_long_trials_ran_is_counted_on_over_the_runs(capped: Capped) -> None:
    rows = [row for trial in read_sweep(capped.folder).trials for row in trial.rows]
    seconds = [row["sweep_time_s"] for row in sorted(rows, key=lambda row: row["arrival"])]
    assert seconds == sorted(seconds)
    assert seconds[0] > 0
