"""The report, as a reader opens it: from disk, in a browser, without a network."""

import dataclasses
import math
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from browser import Watched, chromium, page_in
from door import COMMAND, run_beside_the_tests
from made_up_sweep import DATA_OF_A_NEW_SWEEP, OF_A_NEW_SWEEP, MadeUpTrial, write_sweep
from playwright.sync_api import Browser
from sweep_process import ROOT, curve

from results.listing.next_commands import train_command
from results.record.sweeps import read_sweep
from results.record.trial.failures import Failure, write_failure
from results.record.trial.log import read_samples
from results.report import main
from trainable.score_parts import Curve, Details, Figure, write_details


def report(*sweeps: Path, output: Path) -> Path:
    assert main([*map(str, sweeps), "--output", str(output)]) == 0
    return output


@contextmanager
def opened(watched: Watched, page: Path) -> Iterator[Watched]:
    """The page when all of it is drawn; nothing may be complained about, nothing asked of a network."""
    watched.complaints.clear()
    watched.requests.clear()
    watched.page.goto(page.as_uri())
    watched.page.wait_for_selector("html[data-drawn=true]", state="attached")
    yield watched
    assert_kept_to_itself(watched, page)


def assert_kept_to_itself(watched: Watched, page: Path) -> None:
    assert watched.complaints == []
    assert [url for url in watched.requests if not url.startswith(("data:", "blob:"))] == [page.as_uri()]


def marks(watched: Watched) -> dict[str, int]:
    """What each chart has drawn: its lines, dots and bars that take any room."""
    counted: dict[str, int] = watched.page.evaluate(
        """() => Object.fromEntries([...document.querySelectorAll(".plot")].map((plot) => [plot.id,
            [...plot.querySelectorAll(".js-line, .point, .bars path, .scatter path")].filter((mark) => {
                const room = mark.getBoundingClientRect();
                return room.width + room.height > 0;
            }).length]))"""
    )
    return counted


def wait_until(watched: Watched, script: str, expected: object) -> None:
    """The page's policy forbids Playwright's own way to wait for a value."""
    for _ in range(200):
        if watched.page.evaluate(script) == expected:
            return
        watched.page.wait_for_timeout(50)
    assert watched.page.evaluate(script) == expected


def column(watched: Watched, title: str) -> list[str]:
    texts: list[str] = watched.page.evaluate(
        """(title) => {
            const table = document.querySelector("table.sortable");
            const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent.trim());
            return [...table.tBodies[0].rows].map((row) => row.cells[heads.indexOf(title)].textContent.trim());
        }""",
        title,
    )
    return texts


@pytest.fixture(scope="module")
def browser(digit_sweep: tuple[Path, str], quadratic_sweep: tuple[Path, str]) -> Iterator[Browser]:
    """One for all pages, and started after the sweeps: nothing is to start Ray beside its event loop."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def tab(browser: Browser) -> Iterator[Watched]:
    """For pages that one test looks at."""
    with page_in(browser) as watched:
        yield watched


@pytest.fixture(scope="module")
def digit_report(digit_sweep: tuple[Path, str]) -> Path:
    """As the end of the sweep has written it."""
    return digit_sweep[0] / "report.html"


@pytest.fixture(scope="module")
def drawn_digits(browser: Browser, digit_report: Path) -> Iterator[Watched]:
    with page_in(browser) as fresh, opened(fresh, digit_report) as watched:
        yield watched


@pytest.fixture
def digits(drawn_digits: Watched, digit_report: Path) -> Iterator[Watched]:
    """The report of the digits, open for all who look at it: one test sorts its table, one brings out a trial."""
    yield drawn_digits
    assert_kept_to_itself(drawn_digits, digit_report)


@pytest.fixture(scope="module")
def walkers(
    browser: Browser, quadratic_sweep: tuple[Path, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Watched]:
    """The report of the quadratic sweep, on a phone."""
    page = report(quadratic_sweep[0], output=tmp_path_factory.mktemp("report") / "q.html")
    with page_in(browser, width=360) as fresh, opened(fresh, page) as watched:
        yield watched


def test_the_end_of_a_sweep_has_written_its_report_and_says_where(
    digit_sweep: tuple[Path, str], digits: Watched
) -> None:
    _, printed = digit_sweep
    assert any(line.startswith("Report ") and line.endswith("report.html") for line in printed.splitlines())
    assert "The best setting reaches" in digits.page.inner_text("h1")


def test_it_tells_the_winner_its_gain_with_an_interval_and_how_to_have_it_again(
    digit_sweep: tuple[Path, str], digits: Watched
) -> None:
    record = read_sweep(digit_sweep[0])
    best = record.ranked()[0]
    text = digits.page.inner_text("main")
    assert f"{record.score(best):.3f}" in text
    assert "95 % interval" in text
    assert "oracle" in text
    assert train_command(record, best) in text
    assert record.data["summary"] in text


def test_the_page_is_small_enough_to_send(digit_report: Path) -> None:
    assert digit_report.stat().st_size < 1.5e6


def test_every_chart_is_drawn_and_says_what_to_see(digits: Watched) -> None:
    drawn = marks(digits)
    unread = digits.page.evaluate(
        """() => [...document.querySelectorAll("figure.chart")].filter((figure) =>
            !figure.querySelector("details table, .numbers a")).map((figure) => figure.id)"""
    )
    assert len(drawn) >= 8
    assert {chart: count for chart, count in drawn.items() if count == 0} == {}
    assert unread == []


def test_the_table_is_sorted_by_keyboard(digits: Watched) -> None:
    assert column(digits, "#") == ["1", "2", "3", "4"]
    button = digits.page.locator("table.sortable th button", has_text="lr")
    button.focus()
    digits.page.keyboard.press("Enter")
    rising = [float(text) for text in column(digits, "lr")]
    digits.page.keyboard.press("Enter")
    falling = [float(text) for text in column(digits, "lr")]
    assert digits.page.locator("th[aria-sort=descending]").inner_text().strip().startswith("lr")
    assert rising == sorted(rising)
    assert falling == rising[::-1]


def test_a_trials_number_brings_it_out_in_the_charts_and_moves_no_axis(digits: Watched) -> None:
    axes = """() => [...document.querySelectorAll(".plot")].map((plot) => Object.entries(plot._fullLayout)
        .filter(([name]) => /^[xy]axis/.test(name)).map(([name, axis]) => [plot.id, name, ...axis.range]))"""
    brought_out = """() => [...document.querySelectorAll(".plot")].filter((plot) =>
        plot.data.at(-1).hoverinfo === "skip" && plot.data.at(-1).x[0] !== null).map((plot) => plot.id.slice(8))"""
    before = digits.page.evaluate(axes)
    assert digits.page.evaluate(brought_out) == []
    digits.page.locator(".pin").first.click()
    assert {"curves", "parallel", "plane", "slice-0"} <= set(digits.page.evaluate(brought_out))
    assert digits.page.evaluate(axes) == before


def test_charts_have_the_papers_width_when_they_are_printed_and_their_own_afterwards(digits: Watched) -> None:
    widths = '() => [...document.querySelectorAll(".plot svg.main-svg:first-child")].map((svg) => svg.clientWidth)'
    before = digits.page.evaluate(widths)
    digits.page.evaluate('dispatchEvent(new Event("beforeprint"))')
    wait_until(digits, widths, [640] * len(before))
    digits.page.evaluate('dispatchEvent(new Event("afterprint"))')
    wait_until(digits, widths, before)
    assert 640 not in before


@pytest.mark.parametrize("dark", [False, True])
def test_it_fits_a_phone_and_can_be_read_in_the_light_and_in_the_dark(
    browser: Browser, digit_report: Path, dark: bool
) -> None:
    with page_in(browser, width=360, dark=dark) as fresh, opened(fresh, digit_report) as watched:
        assert watched.page.evaluate("document.documentElement.scrollWidth") <= 360
        contrasts = watched.page.evaluate(
            """() => {
                const light = (text) => {
                    const [r, g, b] = text.match(/[\\d.]+/g).map((part) => part / 255)
                        .map((part) => (part <= 0.03928 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                };
                const background = light(getComputedStyle(document.body).backgroundColor);
                return ["h1", "h1 strong", ".reading", ".winner", "footer p"].map((selector) => {
                    const text = light(getComputedStyle(document.querySelector(selector)).color);
                    const [high, low] = [Math.max(text, background), Math.min(text, background)];
                    return (high + 0.05) / (low + 0.05);
                });
            }"""
        )
        background = watched.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert min(contrasts) >= 4.5  # WCAG 2.2, level AA
    darkness = [int(part) for part in background[4:-1].split(",")]
    assert max(darkness) < 64 if dark else min(darkness) > 192


def test_a_run_that_tells_little_gets_what_can_be_said(walkers: Watched) -> None:
    drawn = marks(walkers)
    assert "flat" in walkers.page.inner_text("main")
    assert drawn
    assert not any("figure" in chart for chart in drawn)
    assert min(drawn.values()) > 0


def test_the_kinds_own_figures_show_what_the_best_epochs_and_the_baselines_achieve(
    tab: Watched, tmp_path: Path
) -> None:
    reach = Figure("reach", "Answers by their length", "words allowed", "right <answers>", reading="More is better.")
    of_checkpoint = Figure("none", "Nothing has a curve of it", "x", "y")
    of_baseline = {"reach": {"x": [8, 16], "y": [0.5, 0.6]}}
    baseline = {"name": "always 7", "value": 0.5, "low": 0.4, "high": 0.6, "curves": of_baseline}
    data = DATA_OF_A_NEW_SWEEP | {
        "figures": [dataclasses.asdict(figure) for figure in (of_checkpoint, reach)], "baselines": [baseline],
    }  # fmt: skip
    saved = {"checkpointed": True}
    trials = [
        MadeUpTrial({"lr": 0.1}, [0.2, 0.5], columns=saved),
        MadeUpTrial({"lr": 0.2}, [0.7, 0.6], columns=saved),
    ]
    sweep = write_sweep(tmp_path / "mine", trials, data, **OF_A_NEW_SWEEP)
    for number, epoch, heights in ((0, 2, (0.25, 0.75)), (1, 1, (0.45, 0.95)), (1, 2, (0.0, 0.0))):
        checkpoint = sweep / f"trial_{number:05d}" / f"checkpoint_{epoch:06d}"
        checkpoint.mkdir()
        write_details(checkpoint, Details(curves={"reach": Curve((8, 16), heights)}))
    with opened(tab, report(sweep, output=tmp_path / "m.html")) as watched:
        assert [chart.rpartition("-figure-")[2] for chart in marks(watched) if "-figure-" in chart] == ["1"]
        section = watched.page.locator("section[aria-labelledby$=achieves]")
        told = section.inner_text()
        assert "Answers by their length" in told
        assert "More is better. Where words allowed is 8, the winner is furthest below always 7: 0.050." in told
        rows = [row.locator("th, td").all_text_contents() for row in section.locator("tr").all()]
        assert rows == [
            ["words allowed", "always 7", "starting values", "winner"],
            ["8", "0.500", "0.250", "0.450"],
            ["16", "0.600", "0.750", "0.950"],
        ]


def test_what_the_winner_showed_first_stands_beside_what_it_showed_at_its_best_as_text(
    quadratic_sweep: tuple[Path, str], walkers: Watched
) -> None:
    record = read_sweep(quadratic_sweep[0])
    winner = record.ranked()[0]
    best = record.best_row(winner)
    samples = read_samples(winner.folder)
    assert best
    epochs = (1, best["training_iteration"])
    assert "What it does, before and after" in walkers.page.locator("h2").all_inner_texts()
    heads, *shown = walkers.page.locator(".texts tr").evaluate_all(
        "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent))"
    )
    assert walkers.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert heads == ["prompt", *(f"{name}, epoch {epoch}" for name in ("answer", "height") for epoch in epochs)]
    assert [row[:3] for row in shown] == [
        [first["prompt"], first["answer"], last["answer"]]
        for first, last in zip(samples[1], samples[epochs[1]], strict=True)
    ]


def test_names_and_causes_are_text_and_nothing_else(tab: Watched, tmp_path: Path) -> None:
    hostile = "</script><script>document.title = 'taken'</script><img src=x onerror=alert(1)>"
    kinds = [hostile, "b", hostile, "b"]
    trials = [MadeUpTrial({"kind": kind, "lr": 0.1**n}, [0.4, 0.5 + n / 10, 0.5]) for n, kind in enumerate(kinds)]
    sweep = write_sweep(tmp_path / "hostile", trials)
    write_failure(sweep / "trial_00001", Failure("error", 4, f"ValueError: {hostile}", "Traceback"))
    with opened(tab, report(sweep, output=tmp_path / "h.html")) as watched:
        assert watched.page.title() == "Sweep hostile"
        assert hostile in watched.page.inner_text("main")


@pytest.mark.parametrize(
    "trials",
    [
        [],
        [MadeUpTrial({"lr": 1e-3})],
        [MadeUpTrial({"lr": 1e-3}, failure="error"), MadeUpTrial({"lr": 1e-2}, failure="diverged")],
        [MadeUpTrial({"lr": 1e-3}, [0.5], ended=False)],
        [MadeUpTrial({"lr": lr}, [0.3, math.nan, math.inf]) for lr in (1e-4, 1e-3, 1e-2)],
        [
            MadeUpTrial({"lr": 10 ** -(1 + index / 300), "group_size": 2 + index % 30}, [0.3, 0.4])
            for index in range(1000)
        ],
    ],
    ids=["none", "begun", "failed", "running", "no numbers", "1000"],
)
def test_any_sweep_gets_a_page(trials: list[MadeUpTrial], tab: Watched, tmp_path: Path) -> None:
    with opened(tab, report(write_sweep(tmp_path / "any", trials), output=tmp_path / "any.html")) as watched:
        assert watched.page.inner_text("h1")
        assert min(marks(watched).values(), default=1) > 0


def test_the_report_says_of_what_decides_what_the_terminal_says(tmp_path: Path) -> None:
    trials = [MadeUpTrial({"lr": i / 1000, "kind": "ab"[i % 2]}, (0.3 + i / 100,) * 3) for i in range(16)]
    page = report(write_sweep(tmp_path / "lr", trials), output=tmp_path / "lr.html")
    assert "in colour: lr (best quarter 0.012 to 0.015; all 0 to 0.015)." in page.read_text(encoding="utf-8")


def test_a_running_sweep_that_beats_nothing_yet_says_so_in_a_sentence(tmp_path: Path) -> None:
    trials = [MadeUpTrial({"lr": 1e-3}, (0.5,) * 3), MadeUpTrial({"lr": 1e-2}, (0.4,), ended=False)]
    page = report(write_sweep(tmp_path / "begun", trials), output=tmp_path / "begun.html")
    assert "<h1>So far, nothing tried beats the starting values: " in page.read_text(encoding="utf-8")


def test_several_sweeps_are_side_by_side(
    digit_sweep: tuple[Path, str],
    quadratic_sweep: tuple[Path, str],
    tab: Watched,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([str(digit_sweep[0]), str(quadratic_sweep[0])]) == 2
    assert "say where: --output" in capsys.readouterr().err
    with opened(tab, report(digit_sweep[0], quadratic_sweep[0], output=tmp_path / "both.html")) as watched:
        assert [heading.strip() for heading in watched.page.locator("h2.sweep").all_inner_texts()] == [
            "Sweep a",
            "Sweep twin",
        ]


def test_the_command_trains_the_winner_again_to_the_same_numbers(digit_sweep: tuple[Path, str], tmp_path: Path) -> None:
    record = read_sweep(digit_sweep[0])
    best = record.ranked()[0]
    python, script, *flags = shlex.split(train_command(record, best) or "")
    assert (python, ROOT / script) == ("python", COMMAND)
    flags[flags.index("--output_dir") + 1] = str(tmp_path / "again")

    done = run_beside_the_tests(ROOT, *flags, HOME=str(Path.home()))

    assert done.returncode == 0, done.stderr
    again = curve(tmp_path / "again")
    searched = curve(best.folder)[: len(again)]
    assert [metrics(row) for row in again] == [metrics(row) for row in searched]
    assert len(again) == record.best_row(best)["training_iteration"]  # type: ignore[index]


def metrics(row: dict[str, float]) -> dict[str, float]:
    return {name: value for name, value in row.items() if "/" in name}
