"""A new sweep that begins with what earlier ones found."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from made_up_sweep import MadeUpTrial, write_trial

from trainable.contract import UserError
from tune.planning.plan import Plan, plan_new
from tune.planning.resumed import plan_resumed
from tune.planning.sweep_folder import begin
from tune.request.command_line import parse_command_line
from tune.sampling.told import ToldTrial, TrialState

HEIGHTS = {(0.1, 0.1): 0.5, (0.7, 0.3): 0.9, (0.6, 0.3): 0.8, (0.9, 0.9): 0.7, (0.75, 0.4): 0.95, (0.2, 0.1): 0.4}


def planned(storage: Path, *flags: object, said: list[Any] | None = None) -> Plan:
    given = ["--storage_path", storage, "--run", "quadratic_run:KIND", "--num_epochs", 2, *flags]
    return plan_new(parse_command_line([*map(str, given)]), ([] if said is None else said).append)


def earlier(storage: Path, *flags: object) -> Path:
    """A sweep whose trials have run."""
    folder = begin(planned(storage, "--name", "old", *flags)).settings.folder
    for number, ((target, rate), height) in enumerate(HEIGHTS.items()):
        trial = MadeUpTrial({"target": target, "rate": rate}, (height, height), columns={"checkpointed": False})
        write_trial(folder / f"trial_{number:05d}", trial, "Val/Height")
    return folder


def first_proposals(plan: Plan, number: int = 4) -> list[tuple[str, dict[str, Any]]]:
    told: list[ToldTrial] = []
    found = []
    for drawn in range(number):
        proposal = plan.propose(drawn, told, ())
        assert proposal
        found.append((proposal.by, proposal.hyperparameters))
        told.append(ToldTrial(proposal.hyperparameters, TrialState.COMPLETED, 2, {"Val/Height": 0.1}, proposal))
    return found


def test_the_sampler_learns_from_an_earlier_sweep_from_its_first_proposal_on(tmp_path: Path) -> None:
    earlier(tmp_path)
    said: list[str] = []
    warm = planned(tmp_path, "--name", "new", "--warm_start", "old", said=said)
    assert said == ["--warm_start old: 6 settings told to the sampler, with their scores"]
    assert len(warm.search.earlier) == len(HEIGHTS)
    cold = planned(tmp_path, "--name", "new")
    assert [by for by, _ in first_proposals(warm)] == ["start", "tpe", "tpe", "tpe"]
    assert first_proposals(warm)[0] == first_proposals(cold)[0]
    assert first_proposals(warm)[1] != first_proposals(cold)[1]


def test_settings_of_a_sweep_on_other_terms_come_first_after_the_users_own(tmp_path: Path) -> None:
    earlier(tmp_path)
    new = planned(tmp_path, "--name", "new", "--num_epochs", 3, "--warm_start", "old", "--try", "target=0.5")
    assert first_proposals(new) == [
        ("start", {"target": 0.1, "rate": 0.1}),
        ("try", {"target": 0.5, "rate": 0.1}),
        ("warm start", {"target": 0.75, "rate": 0.4}),
        ("warm start", {"target": 0.7, "rate": 0.3}),
    ]


@pytest.mark.parametrize("flags", [(), ("--reach", 1.5)], ids=["told", "tried first"])
def test_the_earlier_sweep_may_go_and_every_resume_proposes_the_same(tmp_path: Path, flags: tuple[object, ...]) -> None:
    old = earlier(tmp_path)
    new = begin(planned(tmp_path, "--name", "new", "--warm_start", "old", *flags))
    before = first_proposals(new)
    assert bool(new.warm.first) == bool(flags)
    assert bool(new.warm.told) != bool(flags)
    shutil.rmtree(old)
    resumed, changes = plan_resumed(parse_command_line(["--resume", "new"]), new.settings.folder)
    assert changes == []
    assert resumed.warm == new.warm
    assert first_proposals(resumed) == before


def test_what_a_sweep_was_warm_started_with_is_recorded_as_it_is_found_again(tmp_path: Path) -> None:
    old = earlier(tmp_path / "there")
    elsewhere = planned(tmp_path / "here", "--name", "new", "--warm_start", old, old)
    beside = planned(tmp_path / "there", "--name", "new", "--warm_start", old, "old")
    assert elsewhere.settings.warm_start == (str(old),)
    assert beside.settings.warm_start == ("old",)


def test_what_cannot_be_a_warm_start_is_told_in_a_sentence(tmp_path: Path) -> None:
    folder = earlier(tmp_path)
    with pytest.raises(UserError, match=r"^warm_start: no sweep 'nosuch' in .* \(it holds old\)"):
        planned(tmp_path, "--name", "new", "--warm_start", "nosuch")
    with pytest.raises(UserError, match="old exists already"):
        planned(tmp_path, "--name", "old", "--warm_start", "old")
    with pytest.raises(UserError, match=r"warm_start cannot be given with --resume old: .* itself not among them"):
        plan_resumed(parse_command_line(["--resume", "old", "--warm_start", "old"]), folder)
    (folder / "data.json").write_text("{", encoding="utf-8")
    with pytest.raises(UserError, match=r"^warm_start: .*data\.json: not readable"):
        planned(tmp_path, "--name", "new", "--warm_start", "old")
