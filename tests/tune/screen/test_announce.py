"""What is printed when a sweep begins and when it ends."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from made_up_sweep import MadeUpTrial, write_sweep
from replicated_sweep import write_replicated
from rich.console import Console
from searching import FIRST, PRIOR, SPACE, search

from results.record.sweeps import read_sweep
from trainable.runs import DataDescription, Metric
from trainable.terminal.console import PlainConsole
from tune.cluster.allotment import Allotment
from tune.cluster.nodes import Node
from tune.request.settings import from_flat
from tune.screen.announce import print_end, print_report, print_start

HERE = (Node("1", "here", "127.0.0.1", cpus=2, gpus=0),)


def test_the_end_of_a_long_sweep_shows_the_best_trials_and_how_to_see_the_others(tmp_path: Path) -> None:
    trials = [MadeUpTrial({"lr": 1e-4 * number}, (0.3 + number / 1000,)) for number in range(1, 101)]
    record = read_sweep(write_sweep(tmp_path / "long", trials))
    printed = io.StringIO()

    print_end(Console(file=printed, width=120, soft_wrap=True), record, "disabled")

    lines = printed.getvalue().splitlines()
    header = next(index for index, line in enumerate(lines) if "trial" in line.split() and "score" in line.split())
    ranks = [int(line.split()[0]) for line in lines[header + 1 : lines.index("", header)]]
    assert ranks == list(range(1, 31))
    assert "30 of 100 shown; what follows is of all" in lines
    assert any(
        line.startswith("Compare ") and line.endswith("compare_trials.py " + str(tmp_path / "long")) for line in lines
    )


def test_further_seeds_are_proposed_where_the_first_does_not_tell_the_best_apart(tmp_path: Path) -> None:
    printed = []
    for name, tells_parts in (("sure", True), ("unsure", False)):
        folder = write_replicated(tmp_path / name)
        for file in folder.glob("trial_*/checkpoint_*/details.json"):
            if not tells_parts:
                file.unlink()
        text = io.StringIO()
        print_end(Console(file=text, width=120, soft_wrap=True), read_sweep(folder), "disabled")
        printed.append([line for line in text.getvalue().splitlines() if line.startswith("More seeds ")])
    sure, (unsure,) = printed
    assert sure == []
    assert unsure.endswith(f"run_sweep.py --resume unsure --storage_path {tmp_path} --replicate_seeds 3")


def test_a_folders_name_is_printed_letter_by_letter(capsys: pytest.CaptureFixture[str]) -> None:
    """Though rich would take parts of it for colours and emoji."""
    folder = "/sweeps/" + 20 * "long/" + "[red]:smile:"
    print_report(PlainConsole(), Path(folder) / "report.html")
    assert capsys.readouterr().out == f"Report         {folder}/report.html\n"


def test_a_constraint_on_what_no_kind_declares_is_pointed_out_at_the_start() -> None:
    printed = io.StringIO()
    settings = from_flat(
        {"name": "x", "constraint": ["Val/Nope <= 1", "Val/vqa/Latency_Mean <= 90", "Train/Loss <= 2"]}
    )
    of_data = DataDescription("some", "some", metrics=(Metric("Val/vqa/Latency_Mean"),))
    print_start(Console(file=printed, width=200), settings, search(), of_data, Allotment(1.0, 0.0), HERE, "disabled")
    assert "Val/Nope: not declared by joint_controller; a trial without it fails" in printed.getvalue()


def test_the_start_says_what_is_searched_and_what_proposes_it_in_turn() -> None:
    def said(**changed: Any) -> str:
        printed = io.StringIO()
        of, data = from_flat({"name": "x"}), DataDescription("some", "some")
        console = Console(file=printed, width=200)
        print_start(console, of, search(**changed), data, Allotment(1.0, 0.0), HERE, "disabled")
        return next(line for line in printed.getvalue().splitlines() if line.startswith("  search"))

    assert said() == "  search  rate, size, recipe: the starting values, then tpe"
    of_all = said(space=replace(SPACE, prior=PRIOR), prior_trials=5, tried=[FIRST], warm=[FIRST, FIRST])
    assert of_all.endswith(": the starting values, 1 of your own, 2 of earlier sweeps, 5 from the prior, then tpe")


def test_the_start_says_what_a_trial_has_of_gpus_and_which_nodes_have_none_for_it() -> None:
    def said(allotment: Allotment, *there: Node, **given: Any) -> str:
        printed, of_data = io.StringIO(), DataDescription("some", "some")
        settings = from_flat({"name": "x"} | given)
        print_start(Console(file=printed, width=300), settings, search(), of_data, allotment, there, "disabled")
        return printed.getvalue()

    with_gpus, without = Node("2", "there", "127.0.0.2", cpus=8, gpus=2), HERE[0]
    mixed = said(Allotment(1.0, 1.0), with_gpus, without)
    assert "2 at a time, each on 1 CPU core and 1 GPU" in mixed
    assert "idle    1 of 2 nodes, with too few GPUs for a trial (here); --gpus_per_trial 0 would train on" in mixed
    assert "idle" not in said(Allotment(1.0, 0.0), with_gpus, without)
    first = said(Allotment(1.0, 1.0, finds_packing=True), with_gpus, gpus_per_trial="auto")
    assert "2 at a time, each on 1 CPU core and a GPU, until it is known how many trials can share one" in first
    on_cpus = said(Allotment(1.0, 0.0), without, gpus_per_trial="auto")
    assert "GPUs    none are here, so that --gpus_per_trial auto trains on CPUs" in on_cpus
