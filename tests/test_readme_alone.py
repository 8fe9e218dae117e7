"""The README's commands that need no other, run as they stand there; those about `demo` are in test_readme.py.

Those of docs/own_run.md, too.
"""

import re

import pytest
from arithmetic import copy_model
from readme import (
    COMMANDS,
    MAKE,
    OWN_RUN,
    RANKED_OTHERWISE,
    RUNNING_MODEL,
    TRAINING,
    VARIANTS,
    WITHOUT_WANDB,
    Project,
    blocks,
)
from sweep_process import trial_folders


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return Project(tmp_path_factory.mktemp("readme") / "project")


def test_make_sweeps_the_shipped_profile(project: Project) -> None:
    sweep, tests = COMMANDS[MAKE]
    assert (sweep, tests) == ("make sweep", "make test")
    printed = project.run(sweep)
    assert "20/20 trials done" in printed  # the best three and the starting values once more
    assert "fresh seed" in printed


def test_one_run_is_trained_evaluated_and_exported(project: Project) -> None:
    for line in COMMANDS[TRAINING]:
        project.run(line)
    assert (project.folder / "checkpoints" / "demo" / "policy").is_dir()


def test_a_model_is_measured_trained_against_and_served(project: Project) -> None:
    measured, searched, live, served = (project.run(line, **WITHOUT_WANDB) for line in COMMANDS[RUNNING_MODEL])
    assert "60 samples x 6 configurations, 360 of 360 cells measured" in measured
    assert "4/4 trials done" in searched
    assert "4/4 trials done" in live
    assert "Written to checkpoints/served" in served
    (project.folder / "server.py").write_text("\n".join(blocks("python")[RUNNING_MODEL]), encoding="utf-8")
    assert project.run("python server.py").split()[0] in "0123456789"


def test_trials_are_ranked_under_a_constraint_and_by_two_objectives_within_a_budget(project: Project) -> None:
    constrained, of_two = (project.run(line, **WITHOUT_WANDB) for line in COMMANDS[RANKED_OTHERWISE])
    assert "Val/Budget_Violation_Rate <= 0.05" in constrained
    assert "Pareto set" in of_two
    assert "--epoch_budget" in of_two.splitlines()[-1]


@pytest.mark.parametrize("heading", VARIANTS)
def test_a_sweep_of_ones_own_profile_space_or_recipe(heading: str, project: Project) -> None:
    (project.folder / "my_space.py").write_text("\n".join(blocks("python").get(heading, [])), encoding="utf-8")
    (line,) = COMMANDS[heading]
    project.run(line, **WITHOUT_WANDB)
    assert len(trial_folders(project.folder / "results" / "sweeps" / VARIANTS[heading])) == 4


@pytest.mark.parametrize("line", COMMANDS[OWN_RUN], ids=lambda line: re.findall(r"--name (\S+)", line)[0])
def test_a_language_model_a_task_and_a_run_of_ones_own_are_swept(line: str, project: Project) -> None:
    (project.folder / "my_task.py").write_text("\n".join(blocks("python")[OWN_RUN]), encoding="utf-8")
    if "examples/arithmetic" in line:
        copy_model(project.folder / "examples" / "arithmetic" / "model")
    assert "4/4 trials done" in project.run(line, **WITHOUT_WANDB)


def test_ones_own_kind_of_run_is_checked(project: Project) -> None:
    check, sweep = [line for lines in blocks("bash", "docs/own_run.md").values() for line in lines]
    assert "all well: it can be swept" in project.run(check)
    assert sweep in COMMANDS[OWN_RUN]
