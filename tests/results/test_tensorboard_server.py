"""What TensorBoard's own server and page make of sweeps: curves, hyperparameters beside scores, how trials ended."""

import json
import math
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import browser_page
from loopback_server import read_page, serving
from made_up_sweep import MadeUpTrial, write_sweep
from sweep_process import params, rows, trial_folders

from results.ranking import score
from results.records import SweepRecord, read_sweep
from results.space import CATEGORICAL, FLOAT, Dimension, write_space
from results.tensorboard_record import open_events

Sweep = tuple[Path, str]

LARGE = 100
OBJECTIVE = "Val/In_Budget_Accuracy"
ANY_STATUS = ["STATUS_UNKNOWN", "STATUS_SUCCESS", "STATUS_FAILURE", "STATUS_RUNNING"]


class Board:
    """A running TensorBoard."""

    def __init__(self, url: str, log: Path) -> None:
        self.url, self._log = url, log

    @property
    def printed(self) -> str:
        return self._log.read_text()

    def runs(self) -> list[str]:
        return list(self._get("runs"))

    def tags(self, run: str) -> set[str]:
        return set(self._get("plugin/scalars/tags")[run])

    def curve(self, run: str, tag: str) -> list[tuple[int, float]]:
        points = self._get(f"plugin/scalars/scalars?tag={tag.replace('/', '%2F')}&run={run.replace('/', '%2F')}")
        return [(step, value) for _, step, value in points]

    def experiment(self) -> dict[str, Any]:
        return dict(self._post("plugin/hparams/experiment", {"experimentName": ""}))

    def groups(self) -> list[dict[str, Any]]:
        """Lines of the HParams tab."""
        wish = {"experimentName": "", "allowedStatuses": ANY_STATUS, "colParams": [], "startIndex": 0, "sliceSize": 1000}
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
        events = open_events(sweep, trial)
        events.append(trial.rows)
        events.close(trial.status(sweep.num_epochs))
    return sweep


def made_up_trial(number: int) -> MadeUpTrial:
    """Each seventh fails in its second epoch; only every other one has a momentum."""
    config = {"lr": 10 ** -(1 + number / 25), "optimizer": ("adam", "sgd")[number % 2], "nesterov": number % 3 == 0}
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
            "lr": Dimension(FLOAT, 1e-5, 1.0, log=True),
            "momentum": Dimension(FLOAT, 0.0, 1.0),
            "optimizer": Dimension(CATEGORICAL, choices=("adam", "sgd")),
            "nesterov": Dimension(CATEGORICAL, choices=(False, True)),
        },
    )
    return write_all_events(folder)


@pytest.fixture(scope="module")
def board(
    large: SweepRecord, digit_sweep: Sweep, quadratic_sweep: Sweep, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Board]]:
    """TensorBoards, each over one sweep, as a sweep's end suggests them."""
    boards = {"large": large.folder, "digits": digit_sweep[0], "quadratic": quadratic_sweep[0]}
    yield from start_boards(boards, tmp_path_factory.mktemp("boards"))
