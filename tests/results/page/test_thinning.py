"""Of thousands of trials the page shows the best and some of the others, and says so."""

import html
import json
import re
from typing import Any

import pytest
from made_up_sweep import DATA_OF_A_NEW_SWEEP, OF_A_NEW_SWEEP, MadeUpTrial, write_sweep

from results.page.charts.thinning import MOST_CURVES, MOST_ROWS, MOST_SETTINGS, thinned, thinned_words
from results.page.file import write_report
from results.record.sweeps import read_sweep

TRIALS = 1_300
BEST, START = 900, 0


def test_few_are_shown_as_they_are_and_of_many_the_best_and_the_others_evenly() -> None:
    assert thinned(range(10), 10) == [*range(10)]
    assert thinned(range(100), 10) == [0, 1, 2, 3, 4, 5, 24, 43, 62, 81]
    assert thinned_words(10, 10, "trials") == ""
    assert thinned_words(100, 10, "trials") == (
        " Drawn are the best 5 of 100 trials and 5 of the others, evenly by rank."
    )


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a sweep whose starting values are its worst setting."""
    folder = tmp_path_factory.mktemp("many") / "many"
    scores = [0.5 + ((number * 7919) % TRIALS) / (10 * TRIALS) for number in range(TRIALS)]
    scores[BEST], scores[START] = 0.9, 0.1
    trials = [
        MadeUpTrial({"lr": 1e-5 * (1 + number), "size": 1 + number % 31}, (0.3, score))
        for number, score in enumerate(scores)
    ]
    sweep = write_sweep(folder, trials, DATA_OF_A_NEW_SWEEP, num_samples=TRIALS, **OF_A_NEW_SWEEP | {"replicate": 0})
    write_report([read_sweep(sweep)], folder / "report.html")
    return (folder / "report.html").read_text(encoding="utf-8")


def figures(page: str) -> dict[str, Any]:
    found = re.search(r'<script[^>]*id="charts"[^>]*>(.*?)</script>', page, re.DOTALL)
    assert found
    return dict(json.loads(found[1])["figures"])


def trials_of(figure: dict[str, Any]) -> set[int]:
    return {number for trace in figure["data"] for number in trace.get("customdata", ()) if number is not None}


def test_the_table_holds_the_best_trials_and_the_starting_values_and_says_where_the_others_are(page: str) -> None:
    shown = [int(number) for number in re.findall(r'<tr data-trial="(\d+)"', page)]
    assert len(shown) == MOST_ROWS + 1
    assert (shown[0], shown[-1]) == (BEST, START)
    text = html.unescape(page)
    assert f"These are the best {MOST_ROWS + 1} of 1,300 trials; all of them: <code>python results/compare" in text


@pytest.mark.parametrize(
    ("chart", "most", "said"),
    [
        ("curves", MOST_CURVES + 2, "Drawn are the best 250 of 1,298 other trials and 250 of the others"),
        ("parallel", MOST_SETTINGS + 1, "Drawn are the best 500 of 1,300 settings and 500 of the others"),
        ("slice-0", MOST_SETTINGS + 1, "Drawn are the best 500 of 1,300 settings and 500 of the others"),
    ],
)
def test_a_chart_holds_so_many_among_them_winner_and_starting_values(
    chart: str, most: int, said: str, page: str
) -> None:
    drawn = trials_of(figures(page)[f"sweep-0-{chart}"])
    assert len(drawn) == most
    assert {BEST, START} <= drawn
    assert said in page


def test_what_decides_is_said_to_be_of_a_draw(page: str) -> None:
    assert "(PED-ANOVA, of 1,000 settings drawn from all 1,300)" in page
