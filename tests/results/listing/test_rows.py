"""A comparison as rows: what they hold, and how they are sorted, cut and written."""

import csv
import io
import json
from pathlib import Path

import pytest
from made_up_sweep import DATA, METRIC, MadeUpTrial, write_sweep

from results.analysis.comparison import compare
from results.listing.formats import as_csv, as_json, as_markdown, as_table, table_width
from results.listing.rows import Listing, check_columns, list_trials
from results.listing.summary import as_markdown_page
from results.record.sweeps import read_sweep
from trainable.contract import UserError

MS = "Val/Latency_Mean"


def listing_of(*folders: Path, ungrouped: bool = False) -> Listing:
    (comparison,) = compare(read_sweep(folder) for folder in folders)
    return list_trials(comparison, ungrouped)


@pytest.fixture
def search(tmp_path: Path) -> Path:
    trials = [
        MadeUpTrial({"lr": 1e-4, "note": "a|b"}, (0.3, 0.5, 0.4), columns={MS: 8.0}),
        MadeUpTrial({"lr": 1e-3, "note": 'say "x", y'}, (0.7, 0.6), columns={MS: 12.0}),
        MadeUpTrial({"lr": 1e-2}, failure="diverged"),
    ]
    return write_sweep(tmp_path / "search", trials)


@pytest.fixture
def confirm(tmp_path: Path) -> Path:
    trials = [
        MadeUpTrial({"lr": lr, "seed": seed}, (score,) * 3, columns={MS: 10.0 * seed})
        for seed in (1, 2)
        for lr, score in ((1e-4, 0.5), (1e-3, 0.6 + 0.02 * seed))
    ]
    return write_sweep(tmp_path / "confirm", trials, confirm="search")


def test_a_row_holds_the_trial_at_its_best_epoch(search: Path) -> None:
    first, second, last = listing_of(search).rows
    expected = {"rank": 1, "sweep": "search", "trial": 1, "lr": 1e-3, "score": 0.7, "seeds": 1, "seed": 0}
    expected |= {"epoch": 1, "epochs": 2, "seconds": 4.0, "status": "stopped early", "metric": METRIC, MS: 12.0}
    assert {name: first[name] for name in expected} == expected
    assert (second["rank"], second["epoch"], second["starting_values"]) == (2, 2, True)
    assert "ci95" not in first
    assert (last.keys() & {"rank", "score", "note"}, last["status"]) == (set(), "diverged")


def test_a_metric_that_is_called_like_another_column_has_a_longer_name(tmp_path: Path) -> None:
    trial = MadeUpTrial({"lr": 0.1}, (0.5,), columns={"lr": 0.01, "epoch": 0.5, "kl": 0.2})
    listing = listing_of(write_sweep(tmp_path / "a", [trial]))
    assert listing.columns[-4:] == (METRIC, "metric/epoch", "kl", "metric/lr")
    (row,) = listing.rows
    assert [row[column] for column in ("lr", "metric/lr", "epoch", "metric/epoch", "kl")] == [0.1, 0.01, 1, 0.5, 0.2]


def test_the_seeds_of_a_setting_are_one_row_of_means(confirm: Path) -> None:
    best, start = listing_of(confirm).rows
    assert (best["lr"], best["seeds"], best.get("seed"), best["epochs"]) == (1e-3, 2, None, 3)
    assert best["score"] == pytest.approx(0.63)
    assert best["ci95"] == pytest.approx(12.7062 * 0.01, rel=1e-4)  # t(.975, 1) = 12.7; s / sqrt(2) = .01
    assert best[MS] == 15.0
    assert start["starting_values"]
    assert {"ci95", "seeds"} < set(listing_of(confirm).shown)


def test_ungrouped_every_trial_is_a_row_with_its_seed(confirm: Path) -> None:
    listing = listing_of(confirm, ungrouped=True)
    assert [(row.get("rank"), row["seed"], row["trial"]) for row in listing.rows] == [
        (1, 2, 3),
        (2, 1, 1),
        (3, 1, 0),
        (4, 2, 2),
    ]
    assert "seed" in listing.shown


def test_comparable_sweeps_are_one_ranking_with_the_sweeps_name(search: Path, confirm: Path) -> None:
    """Without the note, whose values make other settings of them."""
    for file in search.glob("trial_*/params.json"):
        file.write_text(json.dumps({"lr": json.loads(file.read_text(encoding="utf-8"))["lr"]}), encoding="utf-8")
    listing = listing_of(search, confirm)
    assert "sweep" in listing.shown
    assert [(row["lr"], row["score"], row["seeds"]) for row in listing.rows[:2]] == [
        (1e-3, pytest.approx(0.63), 2),  # not .70, for which the search picked it
        (1e-4, 0.5, 2),
    ]


def test_sweeps_on_other_data_or_by_another_metric_are_ranked_apart(search: Path, tmp_path: Path) -> None:
    other_data = write_sweep(tmp_path / "b", [], data={"objective": METRIC, "summary": "", "fingerprint": "other"})
    other_metric = write_sweep(tmp_path / "c", [], metric="Val/Accuracy_Mean")
    again = write_sweep(tmp_path / "d", [])
    comparisons = compare(read_sweep(folder) for folder in (search, other_data, other_metric, again))
    assert [[r.name for r in comparison.records] for comparison in comparisons] == [["search", "d"], ["b"], ["c"]]


def test_sorting_is_from_the_least_or_with_a_minus_from_the_most_and_absent_values_come_last(search: Path) -> None:
    listing = listing_of(search)
    assert [row["trial"] for row in listing.sorted(["lr"]).rows] == [0, 1, 2]
    assert [row["trial"] for row in listing.sorted(["-lr"]).rows] == [2, 1, 0]
    assert [row["trial"] for row in listing.sorted(["-score"]).rows] == [1, 0, 2]
    assert [row["trial"] for row in listing.sorted(["score"]).rows] == [0, 1, 2]
    assert [row["trial"] for row in listing.sorted(["starting_values", "-trial"]).rows] == [2, 1, 0]


def test_rows_that_are_left_out_are_counted(search: Path) -> None:
    listing = listing_of(search).where(lambda row: row["lr"] < 1e-2).top(1)
    assert (len(listing.rows), listing.total) == (1, 3)


def test_a_hyperparameter_that_is_called_like_a_column_has_a_longer_name(tmp_path: Path) -> None:
    (row,) = listing_of(write_sweep(tmp_path / "a", [MadeUpTrial({"epoch": 7}, (0.5,))])).rows
    assert (row["epoch"], row["config/epoch"]) == (1, 7)


def test_an_unknown_column_is_named_beside_those_that_there_are(search: Path) -> None:
    with pytest.raises(UserError, match=r"--sort: there is no column 'lrr'; the columns are rank, .*, lr, note"):
        check_columns(["lr", "lrr"], [listing_of(search)], "--sort")


def test_csv_and_json_hold_every_column_in_full_precision(search: Path) -> None:
    listing = listing_of(search)
    rows = list(csv.DictReader(io.StringIO(as_csv([listing]))))
    assert [row["lr"] for row in rows] == ["0.001", "0.0001", "0.01"]
    assert [row["note"] for row in rows] == ['say "x", y', "a|b", ""]
    assert list(rows[0]) == list(listing.columns)
    assert json.loads(as_json([listing])) == [
        {column: row.get(column) for column in listing.columns} for row in listing.rows
    ]


def test_json_has_no_word_for_what_is_no_number(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "a", [MadeUpTrial({"clip": float("inf")}, (0.5,))])
    assert json.loads(as_json([listing_of(folder)]), parse_constant=lambda word: pytest.fail(word))[0]["clip"] is None


def test_markdown_is_a_table_whose_text_cannot_break_it(search: Path) -> None:
    lines = as_markdown(listing_of(search).with_columns(["trial", "note", "score"])).splitlines()
    assert lines == [
        "| trial | note | score |",
        "| --- | --- | --- |",
        '| 1 | say "x", y | 0.700 |',
        "| 0 | a\\|b | 0.500 |",
        "| 2 |  | - |",
    ]


def test_markdown_shows_text_letter_by_letter(tmp_path: Path) -> None:
    text = "<script>a</script> [b](c) ![d](e) `f` *g* _h_ i_j ~~k~~ $l$ &lt;"
    folder = write_sweep(tmp_path / "a", [MadeUpTrial({"note|": text}, (0.5,))], {**DATA, "summary": text})
    record = compare([read_sweep(folder)])
    page = as_markdown_page(record, [list_trials(record[0])])
    shown = r"\<script>a\</script> \[b\](c) !\[d\](e) \`f\` \*g\* \_h\_ i_j \~\~k\~\~ \$l\$ \&lt;"
    assert page.count(shown) == 3  # on what it ran, in the table, and of the best
    assert "| rank | trial | note\\| | score |" in page
    assert text not in page


def test_no_text_of_a_csv_file_is_a_formula(tmp_path: Path) -> None:
    values = ["=cmd|' /C calc'!A0", "+1+1", "-x", "@sum(a)", "\t=a", "plain", "-0.5", -0.5]
    folder = write_sweep(tmp_path / "a", [MadeUpTrial({"=name": value}, (0.5,)) for value in values])
    head, *lines = csv.reader(io.StringIO(as_csv([listing_of(folder).with_columns(["trial", "=name"])])))
    assert head == ["trial", "'=name"]
    written = {int(trial): value for trial, value in lines}
    assert [written[number] for number in range(5)] == [f"'{value}" for value in values[:5]]
    assert [written[number] for number in range(5, 8)] == ["plain", "-0.5", "-0.5"]


def test_none_is_a_value_and_what_a_trial_does_not_have_is_empty(tmp_path: Path) -> None:
    folder = write_sweep(tmp_path / "a", [MadeUpTrial({"clip": None}, (0.6,)), MadeUpTrial({"lr": 0.1}, (0.5,))])
    lines = as_table(listing_of(folder).with_columns(["trial", "clip", "lr", "score"])).plain.splitlines()
    assert [line.split() for line in lines[1:]] == [["0", "None", "0.600"], ["1", "0.1", "0.500"]]


def test_the_table_shows_people_what_they_compare(search: Path) -> None:
    listing = listing_of(search)
    assert as_table(listing).plain.splitlines() == [
        "rank  trial      lr        note  score  epoch  status",
        '   1      1   0.001  say "x", y  0.700    1/2  stopped early',
        "   2      0  0.0001         a|b  0.500    2/3  starting values",
        "   -      2    0.01                  -    -/0  diverged",
    ]
    assert table_width(listing) == 62  # 4 + 5 + 6 + 10 + 5 + 5 + 15, and two between any two
