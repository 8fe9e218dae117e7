"""Whose runs they are at W&B: sweeps of one name, sweeps whose folder is renamed, and copies.

The records are real and their rows made up; what is sent goes by sync_wandb.py to a strict server.
"""

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_sweep, write_trial
from strict_wandb_server import ServedRun, StrictWandbServer, strict_wandb_server
from sweep_process import QUADRATIC
from syncing import sync_here

from results.record.sweeps import read_sweep
from results.trackers.wandb_copies import part_from_original
from tune.planning.plan import Plan, plan_new
from tune.planning.sweep_folder import begin
from tune.request.command_line import parse_command_line

METRIC = "Val/Height"


@pytest.fixture
def server() -> Iterator[StrictWandbServer]:
    with strict_wandb_server() as running:
        yield running


def planned(storage: Path, *more: str) -> Plan:
    flags = ["--name", "first", "--storage_path", str(storage), *QUADRATIC, "--replicate", "0", *more]
    return plan_new(parse_command_line(flags))


def write_rows(sweep: Path, scores: list[list[float]]) -> None:
    for number, of_trial in enumerate(scores):
        trial = MadeUpTrial({"target": 0.5, "rate": 0.1}, of_trial)
        write_trial(sweep / f"trial_{number:05d}", trial, METRIC)


def begun_in(storage: Path, scores: list[list[float]], *more: str) -> Path:
    folder = begin(planned(storage, *more)).settings.folder
    write_rows(folder, scores)
    return folder


def of_an_older_version_in(storage: Path, scores: list[list[float]]) -> Path:
    folder = write_sweep(
        storage / "first", [], run="quadratic_run:KIND", metric=METRIC, wandb_project="old", wandb_entity=None
    )
    write_rows(folder, scores)
    return folder


def send(server: StrictWandbServer, *sweeps: Path) -> list[str]:
    """The lines that were printed."""
    sent = sync_here(*sweeps, **server.variables)
    assert sent.returncode == 0, sent.stdout + sent.stderr
    return sent.stdout.splitlines()


def group_of(sweep: Path) -> str:
    return read_sweep(sweep).origin.wandb_group


def scores_held(server: StrictWandbServer, sweep: Path) -> dict[int, list[float]]:
    """By trial, of the sweep's group."""
    runs = [run for run in server.runs.values() if run.group == group_of(sweep)]
    assert len({run.config["trial"] for run in runs}) == len(runs)
    return {run.config["trial"]: [row[METRIC] for row in run.history] for run in runs}


def dropped(runs: dict[str, ServedRun]) -> list[object]:
    return [row for run in runs.values() for row in run.dropped]


def test_sweeps_of_one_name_begun_in_one_second_in_two_folders_keep_all_their_rows(
    tmp_path: Path, server: StrictWandbServer
) -> None:
    for attempt in itertools.count():
        plans = [planned(tmp_path / str(attempt) / who) for who in ("anna", "ben")]
        if len({plan.origin.created for plan in plans}) == 1:
            break
    folders = [begin(plan).settings.folder for plan in plans]
    scores = [[[0.1, 0.2], [0.3, 0.4]], [[0.5, 0.6], [0.7, 0.8]]]
    for folder, of_sweep in zip(folders, scores, strict=True):
        write_rows(folder, of_sweep)

    send(server, *folders)

    assert len(server.runs) == 4
    for folder, of_sweep in zip(folders, scores, strict=True):
        assert scores_held(server, folder) == dict(enumerate(of_sweep))
        assert group_of(folder).startswith("first-")
    assert dropped(server.runs) == []
    filters = [view.run_set["filters"]["filters"][0]["value"] for view in server.pages.saved_views]
    assert filters == [group_of(folder) for folder in folders]


def of_today_and_of_an_older_version(storage: Path, scores: list[list[float]]) -> list[Path]:
    return [begun_in(storage / "today", scores), of_an_older_version_in(storage / "older", scores)]


def test_a_sweep_whose_folder_is_renamed_keeps_its_runs_its_view_and_its_entry(
    tmp_path: Path, server: StrictWandbServer
) -> None:
    sweeps = of_today_and_of_an_older_version(tmp_path, [[0.1, 0.2], [0.3]])
    send(server, *sweeps)
    ids, groups = set(server.runs), [group_of(sweep) for sweep in sweeps]

    renamed = [sweep.rename(sweep.with_name("better-name")) for sweep in sweeps]
    for sweep in renamed:
        write_rows(sweep, [[0.1, 0.2], [0.3, 0.4], [0.5]])
    send(server, *renamed)

    assert [group_of(sweep) for sweep in renamed] == groups
    assert len(server.runs) == 6
    assert ids < set(server.runs)
    for sweep in renamed:
        assert scores_held(server, sweep) == {0: [0.1, 0.2], 1: [0.3, 0.4], 2: [0.5]}
    assert sorted(run.openings for run in server.runs.values()) == [1, 1, 1, 1, 2, 2]
    assert [view.run_set["filters"]["filters"][0]["value"] for view in server.pages.saved_views] == groups
    assert [entry.display_name for entry in server.pages.sweeps.values()] == ["better-name"] * 2


def test_a_copy_of_a_sweep_takes_no_rows_from_the_original_when_both_go_on(
    tmp_path: Path, server: StrictWandbServer
) -> None:
    originals = of_today_and_of_an_older_version(tmp_path, [[0.1, 0.2], [0.3]])
    send(server, *originals)
    pages = [(original / "wandb.json").read_bytes() for original in originals]

    copies = [shutil.copytree(original, original.with_name("copy")) for original in originals]
    for original, copy in zip(originals, copies, strict=True):
        write_rows(original, [[0.1, 0.2], [0.3, 0.4, 0.5]])
        write_rows(copy, [[0.1, 0.2], [0.3, 0.9]])
    printed = send(server, *copies, *originals)
    again = send(server, *copies, *originals)

    assert [line for line in printed if "is a copy" in line] == [
        f"Sweep copy is a copy of {original}, so at W&B it is a sweep of its own" for original in originals
    ]
    assert [line for line in again if "is a copy" in line] == []
    for original, copy in zip(originals, copies, strict=True):
        assert scores_held(server, original) == {0: [0.1, 0.2], 1: [0.3, 0.4, 0.5]}
        assert scores_held(server, copy) == {0: [0.1, 0.2], 1: [0.3, 0.9]}
    assert dropped(server.runs) == []
    assert [(original / "wandb.json").read_bytes() for original in originals] == pages
    assert len(server.pages.saved_views) == len(server.pages.sweeps) == 4


def test_a_sweep_that_was_moved_or_is_reached_by_a_link_is_no_copy(tmp_path: Path) -> None:
    sweep = begun_in(tmp_path / "storage", [[0.1]])
    (tmp_path / "link").symlink_to(tmp_path / "storage")
    before, said = read_sweep(sweep).origin, list[str]()

    part_from_original(tmp_path / "link" / "first", said.append)
    moved = Path(shutil.move(sweep, tmp_path / "moved"))
    part_from_original(moved, said.append)

    assert said == []
    assert read_sweep(moved).origin == before


def test_a_sweep_brought_from_its_store_is_no_copy_of_the_folder_that_was_sent_there(tmp_path: Path) -> None:
    sent = begun_in(tmp_path / "storage", [[0.1]], "--mirror", "s3://bucket/sweeps")
    brought = shutil.copytree(sent, tmp_path / "elsewhere" / sent.name)
    kept_as_another = shutil.copytree(sent, tmp_path / "elsewhere" / "another")
    said = list[str]()

    part_from_original(brought, said.append)
    assert said == []
    assert read_sweep(brought).origin == read_sweep(sent).origin

    part_from_original(kept_as_another, said.append)
    assert len(said) == 1
