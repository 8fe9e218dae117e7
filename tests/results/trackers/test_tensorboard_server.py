"""What TensorBoard's own server and page make of sweeps: curves, hyperparameters beside scores, how trials ended."""

import html
import json
import re
import struct
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from browser import browser_page
from loopback_server import serving
from made_up_sweep import MadeUpTrial, write_sweep, write_trial
from optuna.distributions import CategoricalDistribution, FloatDistribution
from sweep_process import params, rows, trial_folders

from results.record.space import write_space
from results.record.sweeps import SweepRecord, read_sweep
from results.record.trial.log import read_samples
from results.trackers.tensorboard_record import open_events
from trainable import contract

Sweep = tuple[Path, str]

LARGE = 100
OBJECTIVE = "Val/In_Budget_Accuracy"
ANY_STATUS = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]

OF_TENSORBOARD = re.compile("Three.js|deprecated")
"""What its page says on the console whatever it shows."""


class Board:
    """A running TensorBoard."""

    def __init__(self, url: str, log: Path, server: "subprocess.Popen[bytes]") -> None:
        self.url, self._log, self._server = url, log, server

    @property
    def printed(self) -> str:
        return self._log.read_text(encoding="utf-8")

    def wait_until(self, happened: Callable[[], bool]) -> None:
        """It looks at the disk every second."""
        while not happened():
            assert self._server.poll() is None, self.printed
            time.sleep(0.1)

    def runs(self) -> list[str]:
        return list(self._get("runs"))

    def tags(self, run: str) -> set[str]:
        return set(self._get("plugin/scalars/tags")[run])

    def curve(self, run: str, tag: str) -> list[tuple[int, float]]:
        points = self._get(f"plugin/scalars/scalars?tag={tag.replace('/', '%2F')}&run={run.replace('/', '%2F')}")
        return [(step, value) for _, step, value in points]

    def texts(self, run: str, tag: str) -> dict[int, str]:
        """HTML of the text tab, by step."""
        shown = self._get(f"plugin/text/text?tag={tag}&run={run.replace('/', '%2F')}")
        return {text["step"]: text["text"] for text in shown}

    def experiment(self) -> dict[str, Any]:
        return dict(self._post("plugin/hparams/experiment", {"experimentName": ""}))

    def groups(self) -> list[dict[str, Any]]:
        """Lines of the HParams tab."""
        wish = {
            "experimentName": "",
            "allowedStatuses": ANY_STATUS,
            "colParams": [],
            "startIndex": 0,
            "sliceSize": 1000,
        }
        return list(self._post("plugin/hparams/session_groups", wish)["sessionGroups"])

    def _get(self, path: str) -> Any:
        with urllib.request.urlopen(f"{self.url}/data/{path}", timeout=30) as answer:
            return json.loads(answer.read())

    def _post(self, path: str, wish: dict[str, Any]) -> Any:
        request = urllib.request.Request(
            f"{self.url}/data/{path}", json.dumps(wish).encode(), {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())


def write_all_events(folder: Path) -> SweepRecord:
    sweep = read_sweep(folder)
    for trial in sweep.trials:
        open_events(sweep, trial.number).close(trial.status(sweep.num_epochs))
    return sweep


def made_up_trial(number: int) -> MadeUpTrial:
    """Each seventh fails in its second epoch; only every other one has a momentum."""
    config = {"lr": 10 ** -(1 + number / 25), "optimizer": ("adam", "sgd")[number % 2], "nesterov": number % 3 == 0}
    config |= {"heads": (2, 8, 4)[number % 3], "width": ("auto", 64)[number % 2]}
    if number % 2:
        config["momentum"] = number / LARGE
    scores = [0.3 + number / 1000, 0.5 + number / 1000, 0.4 + number / 1000]
    if number % 7 == 0:
        return MadeUpTrial(config, scores[:1], ended=False, failure="error")
    return MadeUpTrial(config, scores)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> SweepRecord:
    """A hundred trials, with every kind of hyperparameter; the last one still runs."""
    trials = [made_up_trial(number) for number in range(LARGE - 1)]
    trials.append(MadeUpTrial({"lr": 0.5, "optimizer": "sgd", "nesterov": False}, [0.2, 0.1], ended=False))
    folder = write_sweep(tmp_path_factory.mktemp("large") / "large", trials)
    write_space(
        folder,
        {
            "lr": FloatDistribution(1e-5, 1.0, log=True),
            "momentum": FloatDistribution(0.0, 1.0),
            "optimizer": CategoricalDistribution(("adam", "sgd")),
            "nesterov": CategoricalDistribution((False, True)),
            "heads": CategoricalDistribution((2, 8, 4)),
            "width": CategoricalDistribution((64, "auto")),
        },
    )
    return write_all_events(folder)


@pytest.fixture(scope="module")
def large_board(large: SweepRecord, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with watching(large.folder, LARGE, tmp_path_factory.mktemp("large_board") / "log") as running:
        yield running


@pytest.fixture(scope="module")
def several(tmp_path_factory: pytest.TempPathFactory, digit_sweep: Sweep, quadratic_sweep: Sweep) -> Path:
    """A folder of sweeps."""
    folder = tmp_path_factory.mktemp("several")
    (folder / "digits").symlink_to(digit_sweep[0])
    (folder / "quadratic").symlink_to(quadratic_sweep[0])
    return folder


@pytest.fixture(scope="module")
def board(several: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Board]:
    with watching(several, 4 + 8, tmp_path_factory.mktemp("board") / "log") as running:
        yield running


@contextmanager
def watching(folder: Path, num_trials: int, log: Path, *flags: str) -> Iterator[Board]:
    """A server that has found every trial in the folder."""
    with serving(("tensorboard", "--logdir", folder, "--reload_interval", 1, *flags), log) as (url, server):
        running = Board(url, log, server)
        running.wait_until(lambda: len(running.groups()) == num_trials)
        yield running


def test_every_trial_of_a_large_sweep_is_a_run_and_nothing_is_complained_about(large_board: Board) -> None:
    assert large_board.runs() == [f"trial_{number:05d}" for number in range(LARGE)]
    for complaint in ("rror", "arning", "W1", "E1", "raceback"):
        assert complaint not in large_board.printed


@pytest.mark.parametrize("name", ["digits", "quadratic"])
def test_the_server_gives_every_metric_of_every_epoch_once_under_the_names_of_the_contract(
    name: str, board: Board, several: Path
) -> None:
    for trial in trial_folders(several / name):
        run, recorded = f"{name}/{trial.name}", rows(trial)
        metrics = {column for column in recorded[0] if contract.is_metric(column)}
        assert board.tags(run) == metrics | {"Score"}
        for metric in metrics:
            expected = [(row["training_iteration"], as_float32(row[metric])) for row in recorded]
            assert board.curve(run, metric) == expected


def test_the_text_tab_shows_the_samples_of_every_epoch_as_they_are(board: Board, several: Path) -> None:
    for trial in trial_folders(several / "quadratic"):
        shown = board.texts(f"quadratic/{trial.name}", "samples")
        assert list(shown) == list(read_samples(trial))
        for epoch, samples in read_samples(trial).items():
            cells = re.findall("<td>(.*?)</td>", shown[epoch])
            texts = [html.unescape(cell.replace("<br>", "\n")) for cell in cells]
            assert texts == [
                f"{value:.3g}" if isinstance(value, float) else value for sample in samples for value in sample.values()
            ]


@pytest.mark.parametrize("name", ["digits", "quadratic"])
def test_the_hparams_tab_holds_every_trial_its_hyperparameters_and_its_score(
    name: str, board: Board, several: Path
) -> None:
    sweep, shown = read_sweep(several / name), {group["name"]: group for group in board.groups()}
    for trial in sweep.trials:
        group = shown[f"{name}/{trial.folder.name}"]
        assert group["hparams"] == params(trial.folder)
        ((metric, value),) = [(found["name"]["tag"], found["value"]) for found in group["metricValues"]]
        assert (metric, value) == ("Score", as_float32(sweep.score(trial)))
        # TensorBoard keeps the first status that it reads, and who is paused may go on.
        status = "STATUS_UNKNOWN" if trial.is_paused else "STATUS_SUCCESS"
        assert [session["status"] for session in group["sessions"]] == [status]


def test_trials_with_different_hyperparameters_are_one_experiment(large: SweepRecord, large_board: Board) -> None:
    experiment = large_board.experiment()
    assert {info["name"]: (info["type"], info["differs"]) for info in experiment["hparamInfos"]} == {
        "lr": ("DATA_TYPE_FLOAT64", True),
        "momentum": ("DATA_TYPE_FLOAT64", True),
        "nesterov": ("DATA_TYPE_BOOL", True),
        "optimizer": ("DATA_TYPE_STRING", True),
        "heads": ("DATA_TYPE_FLOAT64", True),
        "width": ("DATA_TYPE_STRING", True),
    }
    assert [info["name"]["tag"] for info in experiment["metricInfos"]] == ["Score"]
    assert {group["name"]: group["hparams"] for group in large_board.groups()} == {
        trial.folder.name: trial.config for trial in large.trials
    }


def test_trials_can_be_filtered_by_range_and_by_choice(large_board: Board) -> None:
    """What TensorBoard offers where a hyperparameter is given neither is an empty list."""
    told = {info["name"]: info for info in large_board.experiment()["hparamInfos"]}
    ranges = {name: info["domainInterval"] for name, info in told.items() if "domainInterval" in info}
    assert {name: (found["minValue"], found["maxValue"]) for name, found in ranges.items()} == {
        "lr": (1e-5, 1.0),
        "momentum": (0.0, 1.0),
        "heads": (2, 8),
    }
    assert {name: info["domainDiscrete"] for name, info in told.items() if name not in ranges} == {
        "optimizer": ["adam", "sgd"],
        "nesterov": [False, True],
        "width": [64, "auto"],
    }


def test_the_hparams_tab_tells_failed_finished_and_unfinished_trials_apart(large_board: Board) -> None:
    status = {group["name"]: group["sessions"][0]["status"] for group in large_board.groups()}
    assert status["trial_00007"] == "STATUS_FAILURE"
    assert status["trial_00008"] == "STATUS_SUCCESS"
    assert status["trial_00099"] == "STATUS_UNKNOWN"


def test_an_unfinished_trial_is_compared_by_its_best_so_far(large_board: Board) -> None:
    assert large_board.curve("trial_00099", "Score") == [(1, as_float32(0.2)), (2, as_float32(0.2))]


@pytest.mark.parametrize("fast", ["auto", "false"])
def test_a_curve_is_one_after_a_resume_for_a_server_that_watched(fast: str, tmp_path: Path) -> None:
    """Three epochs, of which a resume cuts the last, runs it again, and runs a fourth.

    The fast loader is not there on every machine; each treats files that change in its own way.
    """
    config = {"lr": 0.1}
    sweep = write_sweep(tmp_path / "resumed", [MadeUpTrial(config, [0.1, 0.2, 0.3], ended=False)])
    write_all_events(sweep)
    with watching(sweep, 1, tmp_path / "log", f"--load_fast={fast}") as board:
        board.wait_until(lambda: len(board.curve("trial_00000", OBJECTIVE)) == 3)

        write_trial(sweep / "trial_00000", MadeUpTrial(config, [0.1, 0.2, 0.5, 0.4]))
        write_all_events(sweep)

        board.wait_until(lambda: [step for step, _ in board.curve("trial_00000", OBJECTIVE)][-1:] == [4])
        assert board.curve("trial_00000", OBJECTIVE) == [
            (epoch, as_float32(value)) for epoch, value in enumerate([0.1, 0.2, 0.5, 0.4], 1)
        ]


def test_however_often_a_sweep_is_resumed_its_events_take_no_more_room(tmp_path: Path) -> None:
    sweep = write_sweep(tmp_path / "resumed", [MadeUpTrial({"lr": 0.1}, [0.1, 0.2, 0.3])])
    sizes = []
    for _ in range(4):
        write_all_events(sweep)
        sizes.append(sorted(file.stat().st_size for file in sweep.glob("trial_00000/events.out.tfevents.*")))
    whole = sizes[0][0]
    assert sizes == [[whole], [0, whole], [0, whole], [0, whole]]


def test_seeds_of_a_confirmed_setting_are_one_line_with_their_mean(board: Board, several: Path) -> None:
    """Two settings under two seeds each, with scores 0.5, 0.6 and 0.7, 0.9."""
    trials = [
        MadeUpTrial({"lr": lr, "seed": seed}, [value])
        for lr, seed, value in [(0.1, 1, 0.5), (0.2, 1, 0.7), (0.1, 2, 0.6), (0.2, 2, 0.9)]
    ]
    write_all_events(write_sweep(several / "confirming", trials, confirm="a search"))
    board.wait_until(lambda: sum(len(group["sessions"]) for group in confirmed(board)) == 4)
    assert {group["hparams"]["lr"]: group["metricValues"][0]["value"] for group in confirmed(board)} == {
        0.1: pytest.approx(0.55),
        0.2: pytest.approx(0.8),
    }


def confirmed(board: Board) -> list[dict[str, Any]]:
    return [group for group in board.groups() if group["name"].startswith("confirming: ")]


def test_the_page_shows_the_trials_and_their_parallel_coordinates(large_board: Board, large: SweepRecord) -> None:
    """TensorBoard draws a trial there if it has a value on every axis."""
    drawable = sum("momentum" in trial.config for trial in large.trials)
    with browser_page() as watched:
        page = watched.page
        page.goto(f"{large_board.url}/#hparams")
        page.get_by_text("trial_00003", exact=True).wait_for()
        page.get_by_text("Parallel Coordinates View").click()
        page.locator(".foreground path").first.wait_for(state="attached")
        assert page.locator(".foreground path").count() == drawable == 49
        assert [complaint for complaint in watched.complaints if not OF_TENSORBOARD.search(complaint)] == []


def as_float32(value: float | None) -> float:
    """As TensorBoard stores it."""
    number: float = struct.unpack("f", struct.pack("f", value))[0]
    return number
