"""A sweep's view, report and entry on the Sweeps page, as the requests leave the process; and servers that refuse."""

import dataclasses
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import wandb
import wandb_workspaces.workspaces as ws
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from served_pages import ServedView
from strict_wandb_server import API_KEY, StrictWandbServer, strict_wandb_server
from wandb.sdk.sweeps.scheduler.optuna import search_space_from_sweep_config

from results.record.sweeps import SweepRecord
from results.record.trial.kept_rows import columns_of
from results.record.trial.record import TrialRecord
from results.trackers.wandb_dashboard import SweepDashboard
from results.trackers.wandb_settings import WandbRunSettings
from results.trackers.wandb_sweep_entry import FINISHED, PAUSED, RUNNING, entry_config

PROJECT = "molmo-controller"
SPACE = {
    "lr": FloatDistribution(1e-5, 1e-2, log=True),
    "group_size": IntDistribution(2, 32),
    "recipe": CategoricalDistribution(["default", "original"]),
}
SETTINGS: dict[str, Any] = {
    "metric": "Val/A", "mode": "max", "constraint": [], "num_epochs": 3, "num_samples": 3, "seed": 7, "confirm": "",
    "replicate": 0,
}  # fmt: skip
DATA = {
    "summary": "200 questions",
    "objective": "Val/A",
    "baselines": [
        {"name": "lookup table", "value": 0.55, "low": 0.5, "high": 0.6, "parts": None, "curves": {}},
    ],
    "roles": {},
    "metrics": [],
    "trade_off": "",
    "figures": [],
}


@pytest.fixture(scope="module")
def running() -> Iterator[StrictWandbServer]:
    with strict_wandb_server() as server, pytest.MonkeyPatch.context() as patched:
        for name, value in {**server.variables, "WANDB_SILENT": "true", "NETRC": os.devnull}.items():
            patched.setenv(name, value)
        wandb.teardown()  # of whatever this process did before: W&B reads its environment once
        yield server
        wandb.teardown()


@pytest.fixture
def server(running: StrictWandbServer) -> Iterator[StrictWandbServer]:
    """Without a project."""
    running.pages.projects.clear()
    running.pages.sweeps.clear()
    running.pages.views.clear()
    yield running
    running.refuse_operations(200)
    assert running.unknown == []


def trial(number: int, config: dict[str, Any], *values: float) -> TrialRecord:
    rows = tuple(
        {"training_iteration": epoch, "Val/A": value, "Train/Loss": 1.0, "Perf/S": 9.0, "time_total_s": 1.0}
        for epoch, value in enumerate(values, start=1)
    )
    return TrialRecord(number, Path(), config, rows, None, columns=columns_of(rows))


def a_sweep(folder: Path, *trials: TrialRecord, **settings: object) -> SweepRecord:
    return SweepRecord(folder, SETTINGS | settings, DATA, trials, SPACE, {}, proposed=len(trials))


TRIALS = (
    trial(0, {"lr": 1e-4, "group_size": 5, "recipe": "default"}, 0.41, 0.576, 0.57),
    trial(1, {"lr": 1e-3, "group_size": 14, "recipe": "default"}, 0.5, 0.631, 0.62),
    trial(2, {"lr": 1e-5, "group_size": 2, "recipe": "original"}, 0.3, 0.29, 0.3),
)
CONFIRMING = tuple(
    trial(2 * index + seed, {"lr": lr, "group_size": 5, "recipe": "default", "seed": 11 + seed}, 0.5)
    for index, lr in enumerate((1e-4, 1e-3))
    for seed in range(2)
)


def dashboard(record: SweepRecord, said: list[str]) -> SweepDashboard:
    settings = WandbRunSettings("online", PROJECT, None, record.objective, group=record.name)
    return SweepDashboard(settings, record, said.append)


def saved_view(record: SweepRecord, server: StrictWandbServer) -> ServedView:
    dashboard(record, []).begin(RUNNING)
    (view,) = server.pages.saved_views
    return view


def axes(view: ServedView) -> dict[str, bool]:
    """Of the parallel coordinates: whether each is logarithmic."""
    (plot,) = view.panels_of("Parallel Coordinates Plot")
    return {column["accessor"]: bool(column.get("log")) for column in plot["columns"]}


def test_the_view_shows_the_sweeps_runs_alone_and_the_best_first(server: StrictWandbServer, tmp_path: Path) -> None:
    run_set = saved_view(a_sweep(tmp_path), server).run_set
    (only,) = run_set["filters"]["filters"]
    assert (only["key"], only["op"], only["value"]) == ({"section": "run", "name": "group"}, "=", tmp_path.name)
    assert run_set["sort"]["keys"] == [{"key": {"section": "summary", "name": "score"}, "ascending": False}]
    assert run_set["grouping"] == []


def test_where_less_is_better_the_lowest_score_comes_first(server: StrictWandbServer, tmp_path: Path) -> None:
    run_set = saved_view(a_sweep(tmp_path, mode="min"), server).run_set
    assert run_set["sort"]["keys"] == [{"key": {"section": "summary", "name": "score"}, "ascending": True}]


def test_several_objectives_have_a_chart_and_what_satisfies_the_constraints_comes_first(
    server: StrictWandbServer, tmp_path: Path
) -> None:
    ranking = {"metric": "Val/A,Train/Loss", "mode": "max,min", "constraint": ["Perf/S >= 3"]}
    view = saved_view(a_sweep(tmp_path, *TRIALS, **ranking), server)
    assert [(one["key"]["name"], one["ascending"]) for one in view.run_set["sort"]["keys"]] == [
        ("feasible", False), ("score", False),
    ]  # fmt: skip
    plots = [(plot["xAxis"], plot["yAxis"]) for plot in view.panels_of("Scatter Plot")]
    assert plots[0] == ("summary:best/Val/A", "summary:best/Train/Loss")
    (entry,) = server.pages.sweeps.values()
    words = "the max of Val/A and the min of Train/Loss, where Perf/S >= 3"
    assert f"Runs are ranked by {words}." in entry.config["description"]


def test_every_hyperparameter_has_its_chart_and_its_axis_is_logarithmic_where_the_search_is(
    server: StrictWandbServer, tmp_path: Path
) -> None:
    view = saved_view(a_sweep(tmp_path), server)
    assert axes(view) == {
        "config:lr.value": True, "config:group_size.value": False, "config:recipe.value": False, "summary:score": False,
    }  # fmt: skip
    scatters = view.panels_of("Scatter Plot")
    assert [(plot["xAxis"], plot["xAxisLogScale"], plot["yAxis"]) for plot in scatters] == [
        ("config:lr.value", True, "summary:score"),
        ("config:group_size.value", False, "summary:score"),
        ("config:recipe.value", False, "summary:score"),
    ]
    (importance,) = view.panels_of("Parameter Importance")
    assert importance["targetKey"] == "score"


def curves(view: ServedView) -> list[str]:
    plots = view.panels_of("Run History Line Plot")
    assert {plot["xAxis"] for plot in plots} == {"training_iteration"}
    return [name for plot in plots for name in plot["metrics"]]


def test_the_objective_has_a_curve_from_the_start_and_what_else_the_runs_report_when_they_do(
    server: StrictWandbServer, tmp_path: Path
) -> None:
    said: list[str] = []
    begun = dashboard(a_sweep(tmp_path), said)
    begun.begin(RUNNING)
    (view,) = server.pages.saved_views
    assert curves(view) == ["Val/A"]

    begun.show_metrics(["Train/Loss", "Val/B", "Val/A", "Perf/S", "time_total_s"])
    begun.show_metrics(["Train/Loss", "Val/B", "Val/A", "Perf/S", "time_total_s"])

    assert curves(view) == ["Val/A", "Val/B", "Train/Loss", "Perf/S"]
    assert len(view.specs) == 2
    assert len(said) == 1


def test_seeds_of_one_confirmed_setting_are_one_curve_in_a_band(server: StrictWandbServer, tmp_path: Path) -> None:
    view = saved_view(a_sweep(tmp_path, *CONFIRMING, confirm="elsewhere"), server)
    names = [f"{name}.value" for name in SPACE]
    assert view.run_set["grouping"] == [{"section": "config", "name": name} for name in names]
    assert all(
        section["localPanelSettings"]["useRunsTableGroupingInPanels"]
        for section in view.spec["section"]["panelBankConfig"]["sections"]
    )
    for plot in view.panels_of("Run History Line Plot"):
        assert (plot["groupAgg"], plot["groupArea"]) == ("mean", "minmax")
    (bars,) = view.panels_of("Bar Chart")
    assert bars["metrics"] == ["score"]
    assert view.panels_of("Parameter Importance") == []


def test_the_trials_of_a_search_and_its_finalists_have_a_view_each(server: StrictWandbServer, tmp_path: Path) -> None:
    said: list[str] = []
    for _ in range(2):
        dashboard(a_sweep(tmp_path, *TRIALS, replicate=3), said).begin(RUNNING)
    of_search, of_finalists = server.pages.saved_views
    assert (len(of_search.specs), len(of_finalists.specs)) == (2, 2)
    assert [filtered(view.run_set) for view in (of_search, of_finalists)] == [
        {"group": tmp_path.name, "jobType": "search"}, {"group": tmp_path.name, "jobType": "confirm"},
    ]  # fmt: skip
    assert (of_search.run_set["grouping"], of_search.panels_of("Bar Chart")) == ([], [])
    assert [key["name"] for key in of_finalists.run_set["grouping"]] == [f"{name}.value" for name in SPACE]
    assert [plot["groupArea"] for plot in of_finalists.panels_of("Run History Line Plot")] == ["minmax"] * 3
    assert [line.split(" at: ")[0] for line in said] == ["View sweep", "View its finalists"] * 2
    assert ws.Workspace.from_url(said[1].split(" at: ")[1]).name == f"Sweep {tmp_path.name}, finalists"


def filtered(run_set: dict[str, Any]) -> dict[str, str]:
    return {one["key"]["name"]: one["value"] for one in run_set["filters"]["filters"]}


def test_a_sweep_that_goes_on_updates_its_view_and_its_entry(server: StrictWandbServer, tmp_path: Path) -> None:
    said: list[str] = []
    ids = [dashboard(a_sweep(tmp_path), said).begin(RUNNING) for _ in range(2)]
    (view,), (entry,) = server.pages.saved_views, server.pages.sweeps.values()
    assert ids == [entry.name, entry.name]
    assert len(view.specs) == 2
    assert len(set(said)) == 1
    url = said[0].removeprefix("View sweep at: ")
    assert url.startswith(f"{server.url}/walker/{PROJECT}?nw=")
    assert ws.Workspace.from_url(url).name == f"Sweep {tmp_path.name}"


def test_another_project_gets_a_view_of_its_own(server: StrictWandbServer, tmp_path: Path) -> None:
    record = a_sweep(tmp_path)
    for project in (PROJECT, "another"):
        settings = WandbRunSettings("online", project, None, record.objective, group=record.name)
        SweepDashboard(settings, record, lambda line: None).begin(RUNNING)
    assert [view.project for view in server.pages.saved_views] == [PROJECT, "another"]
    assert [entry.project for entry in server.pages.sweeps.values()] == [PROJECT, "another"]


def test_a_section_of_the_users_own_stays(server: StrictWandbServer, tmp_path: Path) -> None:
    said: list[str] = []
    dashboard(a_sweep(tmp_path), said).begin(RUNNING)
    users = ws.Workspace.from_url(said[0].removeprefix("View sweep at: "))
    users.sections = [*users.sections, ws.Section(name="Mine")]
    users.save()
    view = saved_view(a_sweep(tmp_path), server)
    names = [section["name"] for section in view.spec["section"]["panelBankConfig"]["sections"]]
    assert names == ["Hyperparameters", "Learning curves", "Mine"]


def test_a_view_that_was_deleted_is_made_anew(server: StrictWandbServer, tmp_path: Path) -> None:
    first = saved_view(a_sweep(tmp_path), server)
    del server.pages.views[first.id]
    server.pages.projects.add(PROJECT)
    second = saved_view(a_sweep(tmp_path), server)
    assert second.name != first.name


def test_the_entry_says_what_is_searched_and_that_wandb_proposes_nothing(
    server: StrictWandbServer, tmp_path: Path
) -> None:
    begun = dashboard(a_sweep(tmp_path), [])
    begun.begin(RUNNING)
    (entry,) = server.pages.sweeps.values()
    assert entry.display_name == tmp_path.name
    assert entry.config["controller"] == {"type": "local"}
    assert entry.config["metric"] == {"name": "score", "goal": "maximize"}
    assert search_space_from_sweep_config(entry.config["parameters"]) == SPACE
    assert entry.states == ["RUNNING"]
    begun.end(PAUSED)
    assert entry.states == ["RUNNING", "PAUSED"]
    begun.end(FINISHED)
    assert entry.states == ["RUNNING", "PAUSED", "FINISHED"]


@pytest.mark.parametrize(
    "distribution",
    [
        FloatDistribution(0.1, 0.5),
        FloatDistribution(0.0, 1.0, step=0.25),
        FloatDistribution(1e-3, 1.0, log=True),
        IntDistribution(1, 8),
        IntDistribution(2, 32, step=2),
        IntDistribution(1, 64, log=True),
        CategoricalDistribution([1, "two", None]),
    ],
    ids=str,
)
def test_wandb_reads_each_kind_of_range_as_what_is_searched(distribution: Any, tmp_path: Path) -> None:
    record = SweepRecord(tmp_path, SETTINGS, {}, (), {"x": distribution}, {}, proposed=0)
    assert search_space_from_sweep_config(entry_config(record)["parameters"]) == {"x": distribution}


def test_the_entry_of_a_confirming_sweep_lists_its_settings_and_seeds(tmp_path: Path) -> None:
    parameters = entry_config(a_sweep(tmp_path, *CONFIRMING, confirm="elsewhere"))["parameters"]
    assert {name: parameter["values"] for name, parameter in parameters.items()} == {
        "lr": [1e-4, 1e-3], "group_size": [5], "recipe": ["default"], "seed": [11, 12],
    }  # fmt: skip


def texts(report: ServedView) -> str:
    """All words of a report, those in its charts left out."""

    def words(block: Any) -> list[str]:
        if isinstance(block, list):
            return [word for child in block for word in words(child)]
        if isinstance(block, dict) and block.get("type") != "panel-grid":
            return [block["text"]] if "text" in block else words(block.get("children", []))
        return []

    return "\n".join(words(report.spec["blocks"]))


def report_panels(report: ServedView) -> dict[str, int]:
    grids = [block["metadata"] for block in report.spec["blocks"] if block["type"] == "panel-grid"]
    for grid in grids:
        (run_set,) = grid["runSets"]
        assert [item["value"] for item in run_set["filters"]["filters"]] == ["the-sweep"]
        assert run_set["sort"]["keys"] == [{"key": {"section": "summary", "name": "score"}, "ascending": False}]
    types = [panel["viewType"] for grid in grids for panel in grid["panelBankSectionConfig"]["panels"]]
    return {name: types.count(name) for name in dict.fromkeys(types)}


def test_the_report_tells_the_winner_in_words_and_is_written_once(server: StrictWandbServer, tmp_path: Path) -> None:
    said: list[str] = []
    folder = tmp_path / "the-sweep"
    folder.mkdir()
    for trials in (TRIALS[:1], TRIALS):
        dashboard(a_sweep(folder, *trials), said).write_report()
    (report,) = server.pages.reports
    assert len(report.specs) == 2
    paragraphs = texts(report)
    assert "200 questions" in paragraphs
    assert "Best: trial 1, Val/A 0.631 (lr 0.001, group_size 14, recipe default)" in paragraphs
    assert "Gain over the starting values: +0.055 (0.576 -> 0.631)" in paragraphs
    assert "lookup table 0.550 (0.500 to 0.600) best trial +0.081" in paragraphs
    assert report_panels(report) == {
        "Parallel Coordinates Plot": 1, "Parameter Importance": 1, "Scatter Plot": 3, "Run History Line Plot": 3,
    }  # fmt: skip
    assert report.id.rstrip("=") in said[-1]
    assert said[-1].startswith(f"View report at: {server.url}/walker/{PROJECT}/reports/Sweep-the-sweep--")


def test_the_report_shows_finalists_once_there_are_any_and_before_the_search(
    server: StrictWandbServer, tmp_path: Path
) -> None:
    confirming = trial(3, TRIALS[1].config | {"seed": 8}, 0.5, 0.6, 0.55)
    ended = tuple(row | {"checkpointed": False, "done": True} for row in confirming.rows)
    confirming = dataclasses.replace(confirming, rows=ended)
    titles = []
    for trials in (TRIALS, (*TRIALS, confirming)):
        record = a_sweep(tmp_path, *trials, replicate=1)
        record = dataclasses.replace(record, replicate_numbers=frozenset({3} if confirming in trials else ()))
        dashboard(record, []).write_report()
        (report,) = server.pages.reports
        titles.append([line for line in texts(report).splitlines() if line.endswith(("curves", "eters", "settings"))])
    assert titles[0] == ["Hyperparameters", "Learning curves"]
    assert titles[1] == [
        "Finalists: confirmed settings", "Finalists: learning curves", "Hyperparameters", "Learning curves",
    ]  # fmt: skip
    grids = [block["metadata"]["runSets"] for block in report.spec["blocks"] if block["type"] == "panel-grid"]
    assert [filtered(run_set)["jobType"] for (run_set,) in grids] == ["confirm", "confirm", "search", "search"]
    assert "under one fresh seed" in texts(report)


def test_a_report_that_was_deleted_is_written_anew(server: StrictWandbServer, tmp_path: Path) -> None:
    said: list[str] = []
    dashboard(a_sweep(tmp_path, *TRIALS), said).write_report()
    (first,) = server.pages.reports
    server.pages.views.clear()
    dashboard(a_sweep(tmp_path, *TRIALS), said).write_report()
    (second,) = server.pages.reports
    assert [line.split("--")[0] for line in said] == [said[0].split("--")[0]] * 2
    assert len(second.specs) == 1
    assert second is not first


ENTRY, VIEW, REPORT = "UpsertSweep", "UpsertView2", "upsertView"


REFUSALS = (
    (ENTRY, "the sweep's entry on the Sweeps page", (200, 400, 403)),
    (VIEW, "the sweep's saved view", (200, 400, 403)),  # by another client than the entry
    (REPORT, "the report", (400,)),  # by the view's client
    ("Viewer", "the sweep's dashboard", (403,)),
)


@pytest.mark.parametrize(
    ("operation", "part", "status"),
    [(operation, part, status) for operation, part, statuses in REFUSALS for status in statuses],
    ids=lambda value: {200: "GraphQL error"}.get(value, value),
)
def test_a_part_that_the_server_refuses_is_one_line_and_the_rest_is_made(
    operation: str, part: str, status: int, server: StrictWandbServer, tmp_path: Path
) -> None:
    server.refuse_operations(status, operation)
    said: list[str] = []
    begun = dashboard(a_sweep(tmp_path, *TRIALS), said)
    sweep_id = begun.begin(RUNNING)
    if operation != "Viewer":  # without it there is nothing to write to
        begun.write_report()
    begun.end(FINISHED)
    refusals = [line for line in said if "did not take" in line]
    assert len(refusals) == 1
    assert refusals[0].startswith(f"W&B did not take {part} (")
    assert f"permission denied: {operation}" in refusals[0]
    assert refusals[0].endswith("; all else goes on")
    assert "\n" not in refusals[0]
    assert (sweep_id is None) == (operation in (ENTRY, "Viewer"))
    assert len(server.pages.saved_views) == (operation not in (VIEW, "Viewer"))
    assert len(server.pages.reports) == (operation not in (REPORT, "Viewer"))


def test_an_entry_that_was_deleted_is_said_and_no_run_names_it(server: StrictWandbServer, tmp_path: Path) -> None:
    said: list[str] = []
    assert dashboard(a_sweep(tmp_path), said).begin(RUNNING)
    server.pages.sweeps.clear()
    assert dashboard(a_sweep(tmp_path), said).begin(RUNNING) is None
    assert "sweep not found" in said[1]


def test_a_server_that_is_down_is_left_to_whatever_sends_the_runs(server: StrictWandbServer, tmp_path: Path) -> None:
    said: list[str] = []
    server.stop()
    try:
        assert dashboard(a_sweep(tmp_path), said).begin(RUNNING) is None
    finally:
        server.start()
    assert said == []


def test_what_is_remembered_holds_no_key(server: StrictWandbServer, tmp_path: Path) -> None:
    begun = dashboard(a_sweep(tmp_path, *TRIALS), [])
    begun.begin(RUNNING)
    begun.write_report()
    (file,) = tmp_path.iterdir()
    assert API_KEY not in file.read_text(encoding="utf-8")
    assert json.loads(file.read_text(encoding="utf-8"))["project"] == PROJECT


def test_a_dimension_that_the_trials_alone_know_has_a_linear_axis(server: StrictWandbServer, tmp_path: Path) -> None:
    space = {"lr": FloatDistribution(1e-5, 1e-2, log=True)}
    record = SweepRecord(tmp_path, SETTINGS, DATA, TRIALS, space, {}, len(TRIALS))
    assert axes(saved_view(record, server)) == {
        "config:lr.value": True, "config:group_size.value": False, "config:recipe.value": False, "summary:score": False,
    }  # fmt: skip
