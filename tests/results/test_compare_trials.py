"""The comparison, as a user runs it; in a process of its own where a terminal or the end of a pipe is the matter."""

import contextlib
import csv
import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from compare_here import compare_here
from made_up_sweep import DATA, MadeUpTrial, write_sweep
from optuna.distributions import FloatDistribution
from sweep_process import ROOT

from results.record.space import write_space
from results.record.sweeps import read_sweep


def shown(*arguments: object) -> str:
    """What it prints when all goes well, and nothing else than that."""
    done = compare_here(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def on_a_terminal(*arguments: object) -> str:
    """What reaches a terminal, with all that moves its cursor."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "results/compare_trials.py", *map(str, arguments)]
    process = subprocess.Popen(command, stdout=theirs, cwd=ROOT, env=os.environ | {"TERM": "xterm", "COLUMNS": "300"})
    os.close(theirs)
    parts = []
    with contextlib.suppress(OSError):  # as Linux says that the other end is closed
        while part := os.read(ours, 65536):
            parts.append(part)
    os.close(ours)
    assert process.wait() == 0
    return b"".join(parts).decode()


def refused(*arguments: object) -> str:
    """The one sentence about a mistake."""
    done = compare_here(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    return done.stderr


@pytest.fixture(scope="module")
def sixteen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sweep in which a high lr is good and the group's size does not matter."""
    sizes = [5, 9, 1, 13, 7, 3, 11, 15, 2, 14, 6, 10, 4, 12, 8, 16]
    trials = [
        MadeUpTrial(
            {"lr": 1e-5 * 1.5**i, "group_size": size},
            (0.1, 0.3 + i / 100, 0.2),
            columns={"Val/Budget_Violation_Rate": 0.1 if i == 15 else 0.05},
        )
        for i, size in enumerate(sizes)
    ]
    folder = write_sweep(tmp_path_factory.mktemp("sweeps") / "sixteen", trials)
    write_space(folder, {"lr": FloatDistribution(1e-5, 1e-2, log=True)})
    return folder


def test_a_sweep_given_twice_by_name_and_by_folder_counts_once(sixteen: Path) -> None:
    twice = shown("sixteen", sixteen, "--storage_path", sixteen.parent)
    assert twice == shown(sixteen)


def test_sweeps_that_cannot_be_compared_get_a_table_each_and_the_reason(
    digit_sweep: tuple[Path, str], quadratic_sweep: tuple[Path, str]
) -> None:
    printed = shown(digit_sweep[0], quadratic_sweep[0])
    first, *_ = printed.splitlines()
    assert first.startswith("Not comparable, so ranked apart: a | twin (their scores are the max of Val/In_Budget_Acc")
    assert printed.index("\nSweep a\n") < printed.index("\nSweep twin\n")
    assert printed.count("starting values") == 4  # one mark in each table, one line of gain for each


def test_the_end_of_a_sweep_shows_the_same(digit_sweep: tuple[Path, str]) -> None:
    assert shown(digit_sweep[0]).rstrip() in digit_sweep[1]


def test_a_sweep_is_found_by_its_name(digit_sweep: tuple[Path, str]) -> None:
    assert "Best: trial" in shown("a", "--storage_path", digit_sweep[0].parent)


def test_a_sweep_that_does_not_exist_gets_one_sentence() -> None:
    assert "no sweep 'nowhere' in" in refused("nowhere")


def test_what_decides_and_what_cannot_be_beaten_is_said_below_the_table(sixteen: Path) -> None:
    printed = shown(sixteen)
    assert "Importance for being in the best quarter (PED-ANOVA): lr " in printed
    # 1e-5 * 1.5^i over i = 12..15 and over i = 0..15
    assert "; beyond chance: lr (best quarter 0.0013 to 0.00438; all 1e-05 to 0.00438)\n" in printed
    assert "at the best epoch): trial 15 (0.450, 0.100), trial 14 (0.440, 0.050)\n" in printed


def test_rows_and_columns_are_chosen_sorted_and_cut(sixteen: Path) -> None:
    where = "lr < 1e-3 and group_size >= 8"
    printed = shown(sixteen, "--where", where, "--sort", "-lr", "--columns", "trial,lr,score", "--top", 2)
    table = printed.split("\n\n")[1].splitlines()
    expected = [["trial", "lr", "score"], ["11", "0.000865", "0.410"], ["9", "0.000384", "0.390"]]
    assert [line.split() for line in table] == expected
    assert "2 of 16 shown; what follows is of all" in printed


def test_csv_and_json_are_data_alone(digit_sweep: tuple[Path, str], quadratic_sweep: tuple[Path, str]) -> None:
    record = read_sweep(digit_sweep[0])
    best = record.ranked()[0]
    rows = list(csv.DictReader(io.StringIO(shown(digit_sweep[0], quadratic_sweep[0], "--format", "csv"))))
    assert len(rows) == 12
    assert float(rows[0]["lr"]) == best.config["lr"]
    assert (rows[0]["target"], rows[-1]["lr"]) == ("", "")
    (row,) = json.loads(shown(digit_sweep[0], "--format", "json", "--top", 1))
    assert (row["trial"], row["score"]) == (best.number, record.score(best))


def test_markdown_has_the_table_and_the_findings(sixteen: Path) -> None:
    printed = shown(sixteen, "--format", "markdown", "--columns", "trial,score", "--top", 1)
    assert "\n| trial | score |\n| --- | --- |\n| 15 | 0.450 |\n" in printed
    assert "\n- Importance for being in the best quarter (PED-ANOVA): lr " in printed


def test_a_reader_that_has_gone_ends_it_quietly(sixteen: Path) -> None:
    command = [sys.executable, "results/compare_trials.py", str(sixteen), "--format", "csv"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", cwd=ROOT
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == ""


def test_a_line_stays_a_line_where_no_terminal_is(tmp_path: Path) -> None:
    sweep = write_sweep(tmp_path / "wide", [MadeUpTrial({f"hyperparameter_{i}": i for i in range(20)}, (0.5,))])
    assert any("hyperparameter_0  " in line and "hyperparameter_19  " in line for line in shown(sweep).splitlines())


@pytest.mark.parametrize("layout", ["table", "csv", "json", "markdown"])
def test_nothing_in_a_record_moves_a_terminal(layout: str, tmp_path: Path) -> None:
    """Text may carry a new title, another cursor's place, text that runs backwards, rich's markup."""
    text = "\x1b]0;title\x07\x1b[2J[red]a[/red]:smile:\u202eb\x9bc\nd"
    trials = [MadeUpTrial({"note": text, "\x1b[31m": 1}, (0.5,)), MadeUpTrial({"note": "x"}, failure="error")]
    sweep = write_sweep(tmp_path / "a\x1b[2J", trials, {**DATA, "summary": text})
    failure = {"kind": "error", "epoch": 1, "cause": "ValueError: \x1b[2J", "traceback": ""}
    (sweep / "trial_00001" / "failure.json").write_text(json.dumps(failure), encoding="utf-8")
    shown = on_a_terminal(sweep, "--format", layout)
    plain = shown.replace("\x1b[1m", "").replace("\x1b[0m", "")  # bold, and as before
    assert {character for character in plain if not character.isprintable()} == {"\r", "\n"}
    assert "smile:\\u202e" in plain
    if layout == "table":
        assert plain.count("[red]a[/red]:smile:") == 3  # on what it ran, in the table, and of the best


def test_a_condition_that_is_none_runs_nothing(sixteen: Path, tmp_path: Path) -> None:
    file = tmp_path / "ran"
    assert "is no comparison" in refused(sixteen, "--where", f"__import__('pathlib').Path('{file}').touch() == None")
    assert not file.exists()


@pytest.mark.parametrize("flag", ["--sort", "--columns"])
def test_an_unknown_column_is_named_beside_those_that_there_are(sixteen: Path, flag: str) -> None:
    assert f"{flag}: there is no column 'lrr'; the columns are rank, sweep, trial, lr," in refused(sixteen, flag, "lrr")


def test_a_running_sweep_is_shown_as_far_as_it_is(tmp_path: Path) -> None:
    trials = [
        MadeUpTrial({"lr": 1e-4}, (0.3, 0.4, 0.5)),
        MadeUpTrial({"lr": 1e-3}, (0.3, 0.6), ended=False),
        MadeUpTrial({"lr": 1e-2}, ended=False),
    ]
    sweep = write_sweep(tmp_path / "running", trials)
    with (sweep / "trial_00001" / "result.json").open("a", encoding="utf-8") as file:
        file.write('{"training_iteration": 3, "Val/In_Budget_Accuracy": 0.9')
    (sweep / "trial_00003").mkdir()
    (sweep / "trial_00004").mkdir()
    (sweep / "trial_00004" / "params.json.new").write_text('{"lr": ', encoding="utf-8")
    table = shown(sweep).split("\n\n")[1].splitlines()
    assert [line.split()[1:] for line in table[1:]] == [
        ["1", "0.001", "0.600", "2/2", "unfinished"],
        ["0", "0.0001", "0.500", "3/3", "starting", "values"],
        ["2", "0.01", "-", "-/0", "unfinished"],
    ]


def test_a_sweep_without_any_epoch_says_so(tmp_path: Path) -> None:
    begun = write_sweep(tmp_path / "begun", [])
    assert "No trial has a score yet." in shown(begun)
    assert json.loads(shown(begun, "--format", "json")) == []


def test_the_seeds_of_a_confirmed_setting_are_one_line_with_its_interval(tmp_path: Path) -> None:
    trials = [
        MadeUpTrial({"lr": lr, "seed": seed}, (score + seed / 100,) * 3)
        for seed in (1, 2, 3)
        for lr, score in ((1e-4, 0.50), (1e-3, 0.60))
    ]
    sweep = write_sweep(tmp_path / "confirm", trials, confirm="search")
    printed = shown(sweep)
    # t(.975, 2) * .01 / sqrt(3) = .0248; the difference is the same under each seed.
    assert printed.split("\n\n")[1].splitlines()[1].split() == ["1", "1", "0.001", "0.620", "±0.025", "3", "1/3"]
    assert "Best: trial 1, Val/In_Budget_Accuracy 0.620 ± 0.025 over 3 seeds (lr 0.001)" in printed
    assert (
        "Gain over the starting values: +0.100 (0.520 -> 0.620), 95 % interval +0.100 to +0.100 over 3 seeds" in printed
    )
    assert len(shown(sweep, "--ungrouped").split("\n\n")[1].splitlines()) == 7
