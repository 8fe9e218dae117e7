"""What a person sees while a sweep runs."""

import io
import re
from pathlib import Path

import pytest
from rich.console import Console
from sweep_here import ray_here
from sweep_process import QUADRATIC, command, environment
from terminal import Terminal

from tune.screen.pace import Pace
from tune.screen.progress_view import SweepProgress, TrialProgress, panel, sentence

STARTING_VALUES = TrialProgress(0, {"lr": 1e-4, "group_size": 5}, 30, 0.596)


def running(number: int, epochs: int) -> TrialProgress:
    return TrialProgress(number, {"lr": 1.25e-3 * (1 + number % 7), "group_size": 2 + number % 30}, epochs, 0.6)


def progress(**changes: object) -> SweepProgress:
    facts = {
        "elapsed_s": 62.0,
        "done": 9,
        "failed": 0,
        "waiting": 0,
        "paused": 0,
        "num_trials": 200,
        "num_epochs": 30,
        "running": tuple(running(number, number % 30) for number in range(9, 73)),
        "best": TrialProgress(4, {"lr": 4.5e-3, "group_size": 31}, 30, 0.648),
        "first": STARTING_VALUES,
        "gain": 0.052,
        "epochs_per_second": 12.3,
        "seconds_left": 3725.0,
    }
    return SweepProgress(**{**facts, **changes})  # type: ignore[arg-type]


def drawn(sweep: SweepProgress, width: int = 100, height: int = 40) -> list[str]:
    paper = io.StringIO()
    Console(file=paper, width=width, height=height).print(panel(sweep, height))
    return paper.getvalue().splitlines()


def test_the_panel_says_what_a_person_wants_to_know() -> None:
    shown = "\n".join(drawn(progress(failed=2)))
    for part in (
        "9/200 trials done, 64 running, 2 failed",
        "1:02, 12 epochs/s, about 1:02:05 left",
        "best 0.648 (trial 4), starting values 0.596, gain +0.052",
        "and 56 more",
    ):
        assert part in shown
    assert re.search(r"\b9 +0\.00375 +11 +\S+ +9/30 +0\.600", shown)  # 1.25e-3 * (1 + 9 % 7), 2 + 9 % 30


def test_trials_that_are_paused_are_done_unless_they_go_on() -> None:
    assert "9/200 trials done (7 paused), 64 running" in sentence(progress(paused=7))


def test_trials_that_wait_for_room_are_not_running() -> None:
    assert "9/200 trials done, 64 running, 3 waiting" in sentence(progress(waiting=3))


def test_a_best_trial_that_violates_a_constraint_is_said_to() -> None:
    best = TrialProgress(4, {"lr": 4.5e-3}, 30, 0.648, violates=True)
    assert "best 0.648 (trial 4, which violates a constraint), starting" in sentence(progress(best=best))


@pytest.mark.parametrize("width", [100, 60, 30])
def test_nothing_moves_while_trials_begin_and_end(width: int) -> None:
    begun = progress(running=(None,) * 64, done=0, best=None, first=None, epochs_per_second=None, seconds_left=None)
    states = [
        begun,
        progress(),
        progress(running=(running(100, 0), *(None,) * 63), done=199, failed=3, epochs_per_second=0.031),
    ]
    heights = {len(drawn(state, width)) for state in states}
    assert len(heights) == 1
    assert all(len(line) <= width for state in states for line in drawn(state, width))
    columns = [{line.index("/30") for line in drawn(state, width) if "/30" in line} for state in states[1:]]
    assert len(columns[0] | columns[1]) <= 2  # epochs of one digit and of two


def test_a_low_terminal_shows_fewer_trials_and_counts_the_others() -> None:
    shown = drawn(progress(), height=12)
    assert len(shown) < 12
    assert "and 59 more" in shown[-1]


def test_the_line_for_a_log_file_says_the_same() -> None:
    assert sentence(progress(failed=1)) == (
        "[1:02] 9/200 trials done, 64 running, 1 failed, best 0.648 (trial 4), starting values 0.596, 12 epochs/s, "
        "about 1:02:05 left"
    )


def test_what_is_spent_of_a_cap_is_shown_in_the_line_and_in_the_panel() -> None:
    capped = progress(spent=("310/480 epochs", "0:31/1:30:00 of training"))
    assert "starting values 0.596, 310/480 epochs, 0:31/1:30:00 of training, 12 epochs/s" in sentence(capped)
    assert any("310/480 epochs, 0:31/1:30:00 of training" in line for line in drawn(capped))
    assert len(drawn(capped)) == len(drawn(progress()))


def test_on_a_terminal_the_panel_stays_where_it_is_and_fits_a_new_width(tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    gate.touch()
    flags = (
        *QUADRATIC, "--num_samples", 6, "--num_epochs", 6, "--epoch_ms", 100, "--gate", gate, "--scheduler", "none",
        "--max_concurrent_trials", 1, "--wandb_mode", "disabled",
    )  # fmt: skip
    there = ray_here()
    wanted = command(tmp_path, "--name", "seen", *flags, "--address", there.address)
    terminal = Terminal(wanted, environment(**there.variables), columns=100, lines=30)

    def indices(lines: list[str]) -> list[int]:
        return [index for index, line in enumerate(lines) if "/6 trials done" in line]

    shown, seen = terminal.watch(), set()
    while not any(re.match("[2-5]/6 trials done, 1 running", line) for line in shown):
        seen.update(indices(shown))
        assert len(indices(shown)) <= 1
        assert terminal.process.poll() is None, shown
        shown = terminal.watch()
    assert len(seen) == 1
    assert any(re.search(r"epochs/s, about \d+:\d\d left", line) for line in shown)
    gate.unlink()  # the sweep waits now
    terminal.resize(56, 30)
    terminal.watch(0.6)
    shown = terminal.watch()
    assert len(indices(shown)) == 1
    assert sum(bool(re.search(r"\d+/6 +\d\.\d{3}$", line)) for line in shown) <= 1  # one line a running trial
    gate.touch()
    while terminal.process.poll() is None:
        shown = terminal.watch()
    assert terminal.process.returncode == 0
    assert not any("/6 trials done" in line for line in shown)  # the table has taken the panel's place
    assert any(line.startswith("Resume") for line in shown)


def test_what_a_workers_first_epoch_takes_for_its_imports_does_not_count_in_the_time_left() -> None:
    pace = Pace()
    pace.heard("a", 30.0)
    pace.heard("b", 31.0)
    assert pace.seconds_left(18, workers=2) is None  # nothing is known yet
    pace.heard("a", 32.0)  # 2 s
    pace.heard("b", 35.0)  # 4 s
    assert pace.epochs_per_second(workers=2) == 2 / 3.0
    assert pace.seconds_left(18, workers=2) == 27.0
    pace.heard("c", 60.0)  # another process, in the place of one that was lost
    pace.heard("a", 61.0, is_epoch=False)  # its trial failed
    pace.heard("a", 64.0)  # 3 s: the next trial's first epoch
    assert pace.seconds_left(18, workers=2) == 27.0
    assert pace.seconds_left(0, workers=0) is None
