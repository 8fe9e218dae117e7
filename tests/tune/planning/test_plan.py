"""What a sweep's settings become before it runs."""

import dataclasses
import json
import re
import shutil
from pathlib import Path

import pytest
import wandb
import yaml
from made_up_sweep import MadeUpTrial, write_trial
from profiles import CONFIGURATIONS, write_profile

from results.record.origin import BESIDE_SETTINGS
from results.record.settings_file import read_settings
from results.record.sweeps import read_sweep
from results.record.trial.log import TrialLog, write_params
from results.record.upgrade import FORMAT
from trainable.contract import UserError
from trainable.grpo.settings import GRPOSettings
from trainable.settings_fields import Role, roles_by_name, single_fields
from tune.planning.plan import Plan, plan_new
from tune.planning.resumed import plan_resumed
from tune.planning.sweep_folder import begin, write_settings
from tune.request.command_line import parse_command_line
from tune.request.settings import SweepSettings, from_flat

SPACE = "from optuna.distributions import FloatDistribution\nSPACE = {'lr': FloatDistribution(1e-4, 1e-2, log=True)}\n"


def test_a_sweep_whose_files_were_named_from_one_folder_goes_on_from_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    write_profile(here / "profile")
    (here / "mine.py").write_text(SPACE, encoding="utf-8")
    flags = ["--storage_path", "sweeps", "--results_dir", "profile", "--search_space", "mine.py"]

    monkeypatch.chdir(here)
    begin(plan_new(parse_command_line(["--name", "moved", *flags])))
    monkeypatch.chdir(elsewhere)
    resumed, changes = plan_resumed(parse_command_line(["--resume", "moved"]), here / "sweeps" / "moved")

    assert changes == []
    assert list(resumed.space) == ["lr"]
    assert resumed.settings.run_settings.results_dir == str(here / "profile")


def planned(storage: Path, *flags: str) -> Plan:
    return plan_new(parse_command_line(["--storage_path", str(storage), "--run", "quadratic_run:KIND", *flags]))


def test_of_two_that_begin_a_sweep_of_one_name_at_once_the_second_is_told_that_it_exists(tmp_path: Path) -> None:
    first, second = (planned(tmp_path, "--name", "nightly") for _ in range(2))
    begin(first)
    written = (tmp_path / "nightly" / "sweep.yaml").read_bytes()
    with pytest.raises(UserError, match="nightly exists already; take another name, or go on with --resume nightly"):
        begin(second)
    assert (tmp_path / "nightly" / "sweep.yaml").read_bytes() == written


def test_unnamed_sweeps_begun_in_one_second_are_two(tmp_path: Path) -> None:
    plans = [planned(tmp_path) for _ in range(2)]
    second_of_both = dataclasses.replace(plans[1], settings=plans[0].settings)
    folders = [begin(plan).settings.folder for plan in (plans[0], second_of_both)]
    names = [read_settings(folder / "sweep.yaml")["name"] for folder in folders]
    assert names == [folder.name for folder in folders]
    assert folders[1].name != folders[0].name


def test_a_resume_from_another_shell_sends_to_the_project_of_the_shell_that_began_the_sweep(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_profile(tmp_path / "profile")
    flags = ["--storage_path", str(tmp_path), "--results_dir", str(tmp_path / "profile"), "--wandb_mode", "offline"]
    for shell in ("first", "second"):
        monkeypatch.setenv("WANDB_PROJECT", shell)
        monkeypatch.setenv("WANDB_ENTITY", f"{shell}-team")
        wandb.teardown()  # its client reads the environment once
        if shell == "first":
            begin(plan_new(parse_command_line(["--name", "kept", *flags])))
    resumed, changes = plan_resumed(parse_command_line(["--resume", "kept"]), tmp_path / "kept")
    other, _ = plan_resumed(parse_command_line(["--resume", "kept", "--wandb_project", "other"]), tmp_path / "kept")
    wandb.teardown()

    assert (resumed.settings.wandb_project, resumed.settings.wandb_entity, changes) == ("first", "first-team", [])
    assert other.settings.wandb_project == "other"


@pytest.fixture
def mine(tmp_path: Path) -> list[str]:
    """Flags of a sweep over one hyperparameter, from a file of the user's."""
    write_profile(tmp_path / "profile")
    (tmp_path / "mine.py").write_text(SPACE, encoding="utf-8")
    flags = {
        "storage_path": tmp_path / "sweeps",
        "results_dir": tmp_path / "profile",
        "search_space": tmp_path / "mine.py",
    }
    return [f"--{name}={value}" for name, value in flags.items()]


@pytest.fixture
def begun(mine: list[str]) -> Plan:
    """The sweep, about to run."""
    plan = plan_new(parse_command_line(["--name", "mine", *mine]))
    begin(plan)
    return plan


def resumed(plan: Plan, *flags: str) -> tuple[Plan, list[str]]:
    return plan_resumed(parse_command_line(["--resume", "mine", *flags]), plan.settings.folder)


def test_an_edited_search_space_is_said_at_the_resume_and_kept_in_the_history(begun: Plan, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        SPACE.replace("1e-4", "1e-3").replace("}", ", 'dropout': FloatDistribution(0, 0.5)}"), encoding="utf-8"
    )

    plan, changes = resumed(begun)
    write_settings(plan, changes)

    lr = "FloatDistribution(high=0.01, log=True, low={}, step=None)".format
    assert changes == [
        f"search_space: lr {lr(0.0001)} -> {lr(0.001)}",
        "search_space: dropout fixed at 0.1 -> FloatDistribution(high=0.5, log=False, low=0.0, step=None)",
    ]
    (entry,) = yaml.safe_load((begun.settings.folder / "sweep.yaml").read_text(encoding="utf-8"))["history"]
    assert entry["changes"] == changes
    assert resumed(begun)[1] == []


def test_another_search_space_is_said_by_its_name_and_by_what_it_changes(begun: Plan) -> None:
    _, changes = resumed(begun, "--search_space", "joint_controller")
    assert changes[0].endswith("mine.py -> joint_controller")
    assert [line.split()[1] for line in changes[1:]] == ["lr", "group_size", "budget_penalty"]


def test_a_search_spaces_code_that_a_record_names_is_said_before_it_runs(
    begun: Plan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, said = tmp_path / "mine.py", "Runs the search space's file, as it was recorded: {}\n".format
    file.write_text(f"print('running')\n{SPACE}", encoding="utf-8")
    of_begun = str(begun.settings.folder / "sweep.yaml")
    capsys.readouterr()

    resumed(begun)
    assert capsys.readouterr().out == said(file) + "running\n"
    plan_new(parse_command_line(["--config", of_begun, "--name", "another"]))
    assert capsys.readouterr().out == said(file) + "running\n"
    resumed(begun, "--search_space", str(file))
    assert capsys.readouterr().out == "running\n"


def test_a_settings_roles_lie_in_the_record(begun: Plan) -> None:
    folder = begun.settings.folder
    roles = json.loads((folder / "data.json").read_text(encoding="utf-8"))["roles"]
    content = yaml.safe_load((folder / "sweep.yaml").read_text(encoding="utf-8"))
    assert content["format"] == FORMAT
    assert [name for name in roles if name != "lr"] == [name for name in content if name not in BESIDE_SETTINGS]
    assert roles["lr"] == ["training", "hyperparameter"]
    assert roles["num_samples"] == ["changeable", "search"]
    assert roles["results_dir"] == ["data"]


def test_of_a_sweeps_own_settings_only_the_run_its_epochs_and_its_precision_shape_a_trial() -> None:
    roles = roles_by_name(from_flat({"name": "x"}))
    shaping = {name for name in roles if Role.TRAINING in roles[name]}
    assert shaping & single_fields(SweepSettings).keys() == {"run", "num_epochs", "precision"}
    saying_where_data_lies = {name for name in roles if Role.DATA in roles[name]}
    of_a_running_model = {
        "environment", "dataset", "store", "max_samples", "reference_samples", "configurations", "answer_metric",
        "max_new_tokens", "latency_source", "accept_other_store",
    }  # fmt: skip
    assert saying_where_data_lies == {"results_dir", "dataset_names", "model_path"} | of_a_running_model
    assert shaping | saying_where_data_lies >= single_fields(GRPOSettings).keys()


@pytest.fixture
def sent_elsewhere(begun: Plan, tmp_path: Path) -> Path:
    """The sweep after one trial, its profile and its space where another machine has them; gone from their places."""
    write_trial(begun.settings.folder / "trial_00000", MadeUpTrial({"lr": 1e-3}, scores=[0.5]))
    there = tmp_path / "another machine"
    for name in ("sweeps", "profile", "mine.py"):
        there.mkdir(exist_ok=True)
        shutil.move(tmp_path / name, there / name)
    return there


def resumed_there(there: Path, *flags: str) -> tuple[Plan, list[str]]:
    return plan_resumed(parse_command_line(["--resume", "mine", *flags]), there / "sweeps" / "mine")


def test_a_sweep_that_lies_elsewhere_goes_on_when_told_where_its_files_are(sent_elsewhere: Path) -> None:
    profile, space = str(sent_elsewhere / "profile"), str(sent_elsewhere / "mine.py")
    with pytest.raises(UserError, match="profile: there is no such folder; say with --results_dir where it lies"):
        resumed_there(sent_elsewhere, "--search_space", space)
    with pytest.raises(UserError, match=r"mine\.py: there is no such file; say with --search_space where it lies"):
        resumed_there(sent_elsewhere, "--results_dir", profile)

    plan, changes = resumed_there(sent_elsewhere, "--results_dir", profile, "--search_space", space)
    write_settings(plan, changes)

    assert [change.split(":")[0] for change in changes] == ["search_space", "results_dir"]
    data = json.loads((plan.settings.folder / "data.json").read_text(encoding="utf-8"))
    for command in ("train_command", "evaluate_command"):
        assert data[command][2:] == ["--results_dir", profile]
    assert resumed_there(sent_elsewhere)[1] == []  # from now on it knows


def test_what_lies_with_a_sweep_that_is_moved_is_found_beside_it(tmp_path: Path) -> None:
    before, after = tmp_path / "before", tmp_path / "after"
    write_profile(before / "profile")
    (before / "space.py").write_text(SPACE, encoding="utf-8")
    flags = {"storage_path": before, "results_dir": before / "profile", "search_space": before / "space.py"}
    begin(plan_new(parse_command_line(["--name", "mine", *(f"--{name}={value}" for name, value in flags.items())])))
    before.rename(after)
    (after / "mine").rename(after / "renamed")

    plan, changes = plan_resumed(parse_command_line(["--resume", "renamed"]), after / "renamed")

    assert changes == []
    assert plan.settings.run_settings.results_dir == str(after / "profile")
    assert read_sweep(after / "renamed").settings["storage_path"] == str(after)


def test_a_search_is_confirmed_on_a_copy_of_its_profile(sent_elsewhere: Path) -> None:
    confirm = ["--confirm", "mine", "--storage_path", str(sent_elsewhere / "sweeps"), "--confirm_seeds", "2"]
    with pytest.raises(UserError, match="say with --results_dir where it lies"):
        plan_new(parse_command_line(confirm))

    plan = plan_new(parse_command_line([*confirm, "--results_dir", str(sent_elsewhere / "profile")]))

    assert [trial["lr"] for trial in plan.params.values()] == [1e-3, 1e-3]
    assert plan.settings.confirm == "mine"  # by its name, which holds wherever both lie


@pytest.mark.parametrize("differing", ["measurements", "questions"])
def test_other_data_than_a_sweeps_is_refused_wherever_it_lies(sent_elsewhere: Path, differing: str) -> None:
    other = sent_elsewhere / "other"
    if differing == "measurements":
        write_profile(other, configurations=CONFIGURATIONS[1:])
    else:
        shutil.copytree(sent_elsewhere / "profile", other)
        for file in other.rglob("*.json"):
            file.write_text(file.read_text(encoding="utf-8").replace("what is", "which one is"), encoding="utf-8")
    given = ["--results_dir", str(other), "--search_space", str(sent_elsewhere / "mine.py")]
    with pytest.raises(UserError, match="--resume mine: this is not the data that it ran on"):
        resumed_there(sent_elsewhere, *given)
    confirm = ["--confirm", "mine", "--storage_path", str(sent_elsewhere / "sweeps"), *given[:2]]
    with pytest.raises(UserError, match="--confirm mine: this is not the data that it ran on"):
        plan_new(parse_command_line(confirm))


@pytest.fixture(params=["flag", "file"])
def begun_with_a_group_of_8(request: pytest.FixtureRequest, mine: list[str], tmp_path: Path) -> Plan:
    (tmp_path / "mine.yaml").write_text("group_size: 8\n", encoding="utf-8")
    door = ["--group_size", "8"] if request.param == "flag" else ["--config", str(tmp_path / "mine.yaml")]
    plan = plan_new(parse_command_line(["--name", "mine", *mine, *door]))
    begin(plan)
    return plan


def test_a_hyperparameter_that_is_not_searched_is_fixed_for_all_trials_and_commands(
    begun_with_a_group_of_8: Plan,
) -> None:
    plan, folder = begun_with_a_group_of_8, begun_with_a_group_of_8.settings.folder
    assert plan.settings.run_settings.group_size == 8
    assert plan.starting_values == {"lr": 1e-4}
    content = yaml.safe_load((folder / "sweep.yaml").read_text(encoding="utf-8"))
    assert content["group_size"] == 8
    assert "lr" not in content
    command = json.loads((folder / "data.json").read_text(encoding="utf-8"))["train_command"]
    assert command[-2:] == ["--group_size", "8"]


def test_a_sweep_yaml_with_a_fixed_hyperparameter_begins_the_same_sweep_again(begun_with_a_group_of_8: Plan) -> None:
    before = begun_with_a_group_of_8.settings
    again = plan_new(parse_command_line(["--config", str(before.folder / "sweep.yaml"), "--name", "again"]))
    assert again.settings == dataclasses.replace(before, name="again")


def test_a_sweep_yaml_that_shows_what_was_searched_can_be_used_but_not_edited_there(begun: Plan) -> None:
    """Up to format 2 it showed that too, at its default."""
    file = begun.settings.folder / "sweep.yaml"
    of_format_2 = file.read_text(encoding="utf-8").replace(f"format: {FORMAT}", "format: 2") + "lr: 0.0001\n"
    file.write_text(of_format_2, encoding="utf-8")
    assert plan_new(parse_command_line(["--config", str(file), "--name", "again"])).space.keys() == {"lr"}

    file.write_text(of_format_2.replace("lr: 0.0001", "lr: 0.001"), encoding="utf-8")
    with pytest.raises(UserError, match=r"lr is 0\.001, but the search space .*mine\.py searches lr"):
        plan_new(parse_command_line(["--config", str(file), "--name", "again"]))


def test_what_a_resume_begins_to_search_earlier_trials_have_as_they_were_trained(
    begun_with_a_group_of_8: Plan, tmp_path: Path
) -> None:
    folder = begun_with_a_group_of_8.settings.folder
    write_params(folder / "trial_00000", {"lr": 1e-4})

    plan, changes = resumed(begun_with_a_group_of_8, "--search_space", "joint_controller")
    write_settings(plan, changes)

    assert "search_space: group_size fixed at 8 -> IntDistribution(high=32, log=False, low=2, step=1)" in changes
    record = read_sweep(folder)
    assert record.trials[0].config == {"lr": 1e-4, "group_size": 8, "budget_penalty": 10.0}
    assert not record.settings.keys() & record.space.keys()
    assert resumed(begun_with_a_group_of_8)[1] == []


def test_what_a_resume_searches_no_more_it_may_fix_once(begun: Plan, tmp_path: Path) -> None:
    folder = begun.settings.folder
    write_params(folder / "trial_00000", {"lr": 2e-3})
    (tmp_path / "mine.py").write_text(SPACE.replace("lr", "dropout").replace("1e-2", "0.5"), encoding="utf-8")

    plan, changes = resumed(begun, "--lr", "1e-3")
    write_settings(plan, changes)

    assert changes[0].endswith("step=None) -> fixed at 0.001")
    assert plan.starting_values == {"dropout": 0.1}
    record = read_sweep(folder)
    assert record.settings["lr"] == 1e-3
    assert record.trials[0].config == {"lr": 2e-3, "dropout": 0.1}
    assert resumed(begun, "--lr", "1e-3")[1] == []
    with pytest.raises(UserError, match=r"lr 0\.002 is not what the trials of --resume mine ran with \(0\.001\)"):
        resumed(begun, "--lr", "2e-3")


def test_a_resume_takes_a_file_as_it_takes_flags(begun: Plan, tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("num_samples: 20\nbatch_size: 16\n", encoding="utf-8")
    assert resumed(begun, "--config", str(file))[1] == ["num_samples: 16 -> 20"]
    file.write_text("batch_size: 17\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"batch_size 17 is not what the trials of --resume mine ran with \(16\)"):
        resumed(begun, "--config", str(file))


@pytest.mark.parametrize(
    ("flags", "before"),
    [
        (["--metric", "Val/Accuracy_Mean"], "Val/In_Budget_Accuracy"),
        (["--metric", "Val/In_Budget_Accuracy,Val/Latency_Mean", "--mode", "max,min"], "Val/In_Budget_Accuracy"),
        (["--mode", "min"], "max"),
        (["--constraint", "Val/Latency_Mean <= 90"], "[]"),
    ],
)
def test_what_ranks_a_sweeps_trials_no_resume_can_change(begun: Plan, flags: list[str], before: str) -> None:
    refused = rf"{flags[0][2:]} .* is not what the trials of --resume mine ran with \({re.escape(before)}"
    with pytest.raises(UserError, match=refused):
        resumed(begun, *flags)


def test_a_confirming_sweep_has_the_space_of_the_search_and_no_value_of_what_it_searched(begun: Plan) -> None:
    folder = begun.settings.folder
    write_params(folder / "trial_00000", {"lr": 1e-4})
    TrialLog(folder / "trial_00000").append({"training_iteration": 1, begun.settings.metric: 0.5})

    storage = ["--storage_path", str(folder.parent)]
    plan = plan_new(parse_command_line([*storage, "--confirm", "mine", "--confirm_seeds", "2"]))
    begin(plan)

    record = read_sweep(plan.settings.folder)
    assert record.space == begun.space
    assert "lr" not in record.settings
    assert [trial.config for trial in record.trials] == [{"lr": 1e-4, "seed": 1}, {"lr": 1e-4, "seed": 2}]
    with pytest.raises(UserError, match="all its trials are known"):
        plan_resumed(parse_command_line(["--resume", "x", "--search_space", "joint_controller"]), record.folder)
