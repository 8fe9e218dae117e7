"""What proposes, what is believed and what is tried first, as users ask for it."""

import json
from pathlib import Path

import pytest

from results.record.settings_file import read_settings
from results.record.sweeps import read_sweep
from search_spaces import Prior
from trainable.contract import UserError
from tune.planning.plan import Plan, plan_new
from tune.planning.resumed import plan_resumed
from tune.planning.sweep_folder import begin, write_settings
from tune.request.command_line import parse_command_line

SPACE = """
target: {low: 0.0, high: 1.0, prior: {centre: 0.6, width: 0.1}}
rate: {low: 0.05, high: 1.0, log: true}
"""
SAMPLERS = """
import optuna
from beside import FACTOR

def mine(study, seed, number):
    return optuna.samplers.RandomSampler(seed * FACTOR)

NOTHING = 3
"""
FUNCTION = """
from search_spaces import Prior

def SPACE(trial):
    if trial.suggest_float("target", 0.0, 1.0) > 0.5:
        trial.suggest_float("rate", 0.05, 0.5)

PRIOR = {"target": Prior(0.6, 0.1)}
"""


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def planned(storage: Path, *flags: object) -> Plan:
    given = ["--storage_path", str(storage), "--run", "quadratic_run:KIND", *map(str, flags)]
    return plan_new(parse_command_line(given), say=lambda sentence: None)


def resumed(plan: Plan, *flags: object) -> tuple[Plan, list[str]]:
    folder = plan.settings.folder
    request = parse_command_line(["--run", "quadratic_run:KIND", "--resume", folder.name, *map(str, flags)])
    return plan_resumed(request, folder, say=lambda sentence: None)


def refused(storage: Path, *flags: object) -> str:
    with pytest.raises(UserError) as caught:
        planned(storage, *flags)
    return str(caught.value)


def test_settings_of_ones_own_are_whole_trials_in_the_order_given(tmp_path: Path) -> None:
    plan = planned(tmp_path, "--try", "target=0.5,rate=0.2", "rate=3e-1", "--try", "target=0.9")
    rate, target = plan.starting_values["rate"], plan.starting_values["target"]
    assert plan.tried == [
        {"target": 0.5, "rate": 0.2},
        {"target": target, "rate": 0.3},
        {"target": 0.9, "rate": rate},
    ]


def test_settings_of_ones_own_may_come_from_a_file_of_settings(tmp_path: Path) -> None:
    file = written(tmp_path, "mine.yaml", "try: ['target=0.5,rate=0.2']\nprior_trials: 0\nsampler: cmaes\n")
    plan = planned(tmp_path, "--config", file)
    assert plan.tried == [{"target": 0.5, "rate": 0.2}]
    assert (plan.settings.prior_trials, plan.sampler.name) == (0, "cmaes")
    begin(plan)
    assert read_settings(plan.settings.folder / "sweep.yaml")["try"] == ["target=0.5,rate=0.2"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("target", "try target: 'target' is no value of a hyperparameter; write NAME=VALUE"),
        ("target=", "try target=: 'target=' is no value of a hyperparameter"),
        ("target=1,target=2", "try target=1,target=2: target is given twice; leave one out"),
        ("lr=1", "try lr=1: lr is not searched; searched are target, rate"),
        ("reach=1", "try reach=1: reach is not searched; give --reach, or a space that searches it"),
        ("rate=fast", "try rate=fast: rate is 'fast'; it must be a number"),
        ("rate=2", "try rate=2: rate is 2.0; it must be above 0 and at most 1"),
    ],
)
def test_what_cannot_be_tried_is_answered_in_a_sentence(text: str, why: str, tmp_path: Path) -> None:
    assert why in refused(tmp_path, "--try", text)


def test_a_whole_setting_that_no_trial_can_have_is_refused(tmp_path: Path) -> None:
    text = refused(tmp_path, "--reach", "1.0", "--try", "target=0.9,rate=0.5")
    assert "no trial can have --try target=0.9,rate=0.5 (target 0.9, rate 0.5): target and rate are 1.400" in text


def test_a_sampler_of_ones_own_is_a_function_in_a_file_and_its_code_is_recorded(tmp_path: Path) -> None:
    written(tmp_path, "beside.py", "FACTOR = 2\n")
    file = written(tmp_path, "mine.py", SAMPLERS)
    plan = planned(tmp_path, "--sampler", f"{file}:mine")
    assert plan.sampler.name == "mine.py:mine"
    assert plan.sampler.function
    begin(plan)
    written(tmp_path, "beside.py", "FACTOR = 3\n")
    again, changes = resumed(plan)
    assert again.sampler.name == "mine.py:mine"
    (change,) = changes
    assert change.startswith("sampler: its code is another than proposed until now: beside.py ")


@pytest.mark.parametrize(
    ("sampler", "why"),
    [
        (
            "annealing",
            "is 'annealing'; it must be one of tpe, random, gp, cmaes, nsga2, grid, qmc, or FILE.py:FUNCTION",
        ),
        ("FILE", "it names no function in there; give FILE:FUNCTION"),
        ("FILE:theirs", "the file has no function 'theirs'; name one of (study, seed, number) that gives a sampler"),
        ("FILE:NOTHING", "the file has no function 'NOTHING'"),
        ("BROKEN:mine", "it cannot be imported: ZeroDivisionError: division by zero (BROKEN, line 2); mend its code"),
        ("/nowhere.py:mine", "there is no such file; say with --sampler where it lies"),
        ("grid", "grid tries every value, and target has no end of them; give it a step or choices, or take qmc"),
    ],
)
def test_a_sampler_that_is_none_is_answered_before_anything_starts(sampler: str, why: str, tmp_path: Path) -> None:
    written(tmp_path, "beside.py", "FACTOR = 2\n")
    file = written(tmp_path, "mine.py", SAMPLERS)
    broken = written(tmp_path, "broken.py", "\n1 / 0\n")

    def full(text: str) -> str:
        return text.replace("FILE.py", "...").replace("FILE", str(file)).replace("BROKEN", str(broken))

    text = refused(tmp_path, "--sampler", full(sampler))
    assert text.startswith("sampler ")
    assert full(why) in text.replace("FILE.py", "...")


def test_the_prior_of_a_sweep_is_the_one_it_began_with(tmp_path: Path) -> None:
    file = written(tmp_path, "space.yaml", SPACE)
    plan = begin(planned(tmp_path, "--name", "a", "--search_space", file))
    assert plan.search.space.prior == {"target": Prior(0.6, 0.1)}
    written(tmp_path, "space.yaml", SPACE.replace("0.6", "0.2"))
    again, changes = resumed(plan)
    assert (again.search.space.prior, changes) == ({"target": Prior(0.6, 0.1)}, [])

    named, _ = resumed(plan, "--search_space", file)
    assert named.search.space.prior == {"target": Prior(0.2, 0.1)}
    # Where it lies outside of what is searched now, nothing is believed of it any more.
    written(tmp_path, "space.yaml", SPACE.replace("high: 1.0, prior", "high: 0.5, prior").replace("0.6", "0.1"))
    assert resumed(plan)[0].search.space.prior == {}


def test_a_resume_may_change_what_proposes_and_says_so(tmp_path: Path) -> None:
    plan = begin(planned(tmp_path, "--name", "a"))
    again, changes = resumed(plan, "--sampler", "random", "--prior_trials", 2, "--try", "target=0.7")
    assert changes == ["sampler: tpe -> random", "prior_trials: 5 -> 2", "try: [] -> ['target=0.7']"]
    assert (again.search.sampler.name, again.search.prior_trials) == ("random", 2)


def test_a_function_is_searched_and_recorded_by_what_it_was_seen_to_draw(tmp_path: Path) -> None:
    file = written(tmp_path, "space.py", FUNCTION)
    plan = begin(planned(tmp_path, "--name", "a", "--search_space", file))
    content = json.loads((plan.settings.folder / "search_space.json").read_text(encoding="utf-8"))
    assert {name: described["seen_in_draws"] for name, described in content.items()} == {"target": 100, "rate": 100}
    assert read_sweep(plan.settings.folder).space == plan.space

    write_settings(plan, [])
    again, changes = resumed(plan)
    assert (changes, again.searched.function is not None) == ([], True)
    proposal = again.propose(1, [], [])
    assert proposal
    assert proposal.by == "prior"
    assert proposal.hyperparameters.keys() == {"target", "rate"}
    if proposal.hyperparameters["target"] <= 0.5:
        assert proposal.hyperparameters["rate"] == again.starting_values["rate"]


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("trial.suggest_float('height', 0, 1)", "'height' is no hyperparameter of quadratic_run:KIND; it can be"),
        ("trial.suggest_float('rate', 0.5, 2)", "rate is 2.0"),
        ("trial.suggest_float('rate')", "SPACE raised TypeError: "),
    ],
)
def test_what_a_function_draws_is_tried_before_anything_starts(body: str, why: str, tmp_path: Path) -> None:
    file = written(tmp_path, "space.py", f"def SPACE(trial):\n    {body}\n")
    text = refused(tmp_path, "--search_space", file)
    assert text.startswith(f"search_space {file}: ")
    assert why in text


def test_listing_the_spaces_names_all_that_ship_and_marks_what_fits(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        parse_command_line(["--list_search_spaces", "--run", "trl_grpo"])
    assert ended.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines if line.startswith("* ")] == [
        "* trl_grpo (its own)",
        "* trl_grpo_wide",
    ]
    text = "\n".join(lines)
    for said in ("  wide: Eight hyp", "0.0001 to 0.3, log", "prior 0.01 (width 0.2)", "weight of the entropy bonus"):
        assert said in text


def test_listing_the_spaces_shows_ones_own_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(tmp_path, "space.py", FUNCTION)
    with pytest.raises(SystemExit):
        parse_command_line(["--list_search_spaces", "--run", "quadratic_run:KIND", "--search_space", str(file)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:4] == [f"* {file}", "    a function of the trial; in 100 draws it was seen to draw from:"]
