"""The command line: quick help, flags in groups, underscores or hyphens, a file below flags."""

import subprocess
import sys
from pathlib import Path

import pytest
from made_up_sweep import write_sweep
from sweep_process import RUN_SWEEP

from results.record.sweeps import read_sweep
from results.trackers.wandb_trials import sweep_settings
from trainable.contract import DEFAULT_STORAGE, UserError
from trainable.settings_fields import to_flat
from tune.planning.resumed import address_to_resume, folder_to_resume
from tune.request.command_line import LATEST, own_parser, parse_command_line
from tune.request.provenance import provenance
from tune.request.settings import TAKEN_NAMES, from_flat


def test_help_groups_every_flag() -> None:
    shown = subprocess.run([sys.executable, RUN_SWEEP, "--help"], capture_output=True, encoding="utf-8").stdout
    for group in ("the sweep:", "the search:", "where it runs:", "what is recorded at W&B", "every trial"):
        assert group in shown
    for flag in (
        "name", "storage_path", "results_dir", "dataset_names", "num_samples", "num_epochs", "batch_size", "recipe",
        "latency_budget_min", "latency_budget_max", "search_space", "scheduler", "grace_period", "reduction_factor",
        "metric", "mode", "max_concurrent_trials", "cpus_per_trial", "gpus_per_trial", "address", "seed",
        "wandb_mode", "wandb_project", "wandb_entity", "resume", "config",
    ):  # fmt: skip
        assert f"--{flag} " in shown


def test_hyphens_are_as_good_as_underscores() -> None:
    assert parse_command_line(["--num-samples", "3", "--wandb-mode=offline"]).flags == {
        "num_samples": 3,
        "wandb_mode": "offline",
    }


def test_a_negative_or_dashed_value_is_left_alone() -> None:
    assert parse_command_line(["--name=my-sweep", "--wandb_project", "a-b"]).flags == {
        "name": "my-sweep",
        "wandb_project": "a-b",
    }


def test_resume_without_a_name_means_the_latest() -> None:
    assert parse_command_line(["--resume"]).resume == LATEST
    assert parse_command_line(["--resume", "x"]).resume == "x"
    assert parse_command_line([]).resume is None


@pytest.mark.parametrize(
    ("arguments", "address"),
    [
        (["--storage_path", "s3://bucket/sweeps/"], "s3://bucket/sweeps/mine"),
        (["--mirror", "gs://bucket/", "--storage_path", "/scratch"], "gs://bucket/mine"),
        (["--storage_path", "/scratch"], None),
    ],
)
def test_an_address_for_the_storage_path_is_a_store_besides_the_folder(
    arguments: list[str], address: str | None
) -> None:
    settings = from_flat({"name": "mine"} | parse_command_line(arguments).given)

    assert settings.store_address == address
    assert settings.folder == Path("/scratch/mine" if "/scratch" in arguments else DEFAULT_STORAGE / "mine")


def test_a_sweep_is_resumed_by_its_address(tmp_path: Path) -> None:
    request = parse_command_line(["--resume", "s3://bucket/sweeps/mine", "--storage_path", str(tmp_path)])

    assert folder_to_resume(request) == tmp_path / "mine"
    assert address_to_resume(request, tmp_path / "mine") == "s3://bucket/sweeps/mine"


def test_a_name_that_is_not_here_is_looked_for_in_the_store_that_is_named(tmp_path: Path) -> None:
    request = parse_command_line(["--resume", "mine", "--mirror", "s3://bucket", "--storage_path", str(tmp_path)])

    assert folder_to_resume(request) == tmp_path / "mine"
    assert address_to_resume(request, tmp_path / "mine") == "s3://bucket/mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--storage_path", "s3://KEY:hidden@bucket/x"], r"--storage_path s3://\.\.\.: it holds credentials"),
        (["--mirror", "s3://KEY:hidden@bucket/x"], r"--mirror s3://\.\.\.: it holds credentials"),
        (["--resume", "s3://KEY:hidden@bucket/x/mine"], r"--resume s3://\.\.\.: it holds credentials"),
        (["--storage_path", "s3://bucket/x?access_key=hidden"], r"--storage_path s3://bucket/x: an address takes no"),
        (["--mirror", "s3://bucket", "--storage_path", "s3://other"], r"--mirror is given besides an address for"),
        (["--mirror", "sweeps"], r"--mirror sweeps: it is no address"),
        (["--resume", "s3://mine"], r"--resume s3://mine: it is no address of a sweep"),
    ],
)
def test_an_address_that_is_of_no_use_is_refused_without_its_secret(arguments: list[str], said: str) -> None:
    def read() -> None:
        request = parse_command_line(arguments)
        with request.naming_doors():
            from_flat({"name": "mine"} | request.given)

    with pytest.raises(UserError, match=said) as refused:
        read()

    assert "hidden" not in str(refused.value)


def test_settings_survive_the_way_through_yaml(tmp_path: Path) -> None:
    settings = from_flat({"name": "x", "num_samples": 3, "dataset_names": ["a", "b"], "gpus_per_trial": 0.5})
    assert from_flat(to_flat(settings)) == settings


def test_an_objective_is_the_same_however_it_is_written_and_has_the_directions_that_its_run_declares(
    tmp_path: Path,
) -> None:
    constraints = ["--constraint", "Val/Reward_Mean>=0", "Train/Loss<=2.0"]
    written = ["--metric", "Val/Accuracy_Mean, Val/Latency_Mean", *constraints]
    file = tmp_path / "mine.yaml"
    file.write_text(
        "metric: Val/Accuracy_Mean,Val/Latency_Mean\nmode: max, min\n"
        "constraint: [Val/Reward_Mean >= 0.0, Train/Loss <= 2]\n",
        encoding="utf-8",
    )
    requests = parse_command_line(written), parse_command_line(["--config", str(file)])
    of_flags, of_file = (from_flat({"name": "x"} | request.given) for request in requests)
    assert of_flags == of_file
    assert of_flags.objective.modes == ("max", "min")
    assert of_flags.constraint == ("Val/Reward_Mean >= 0", "Train/Loss <= 2")
    assert from_flat(to_flat(of_flags)) == of_flags


def test_a_number_without_a_point_is_a_number() -> None:
    assert from_flat({"name": "x", "entropy_coefficient": "1e-3"}).run_settings.entropy_coefficient == 1e-3


def test_the_grace_period_shrinks_with_a_short_trial_unless_it_was_asked_for() -> None:
    assert from_flat({"name": "x", "num_epochs": 2}).grace_period == 2


def test_no_setting_of_a_run_can_be_called_as_a_flag_of_the_sweep() -> None:
    flags = {name.removeprefix("--").removeprefix("-") for name in own_parser().flags()}
    assert flags <= {*TAKEN_NAMES}


def test_no_setting_of_a_run_can_be_called_as_what_else_wandb_holds_of_it(tmp_path: Path) -> None:
    record = read_sweep(write_sweep(tmp_path / "a", []))
    config = sweep_settings(record, "disabled").config.keys() | provenance()
    beside = {name for name in config - record.data["roles"].keys() if name.isidentifier()}
    assert beside <= {*TAKEN_NAMES}


@pytest.mark.parametrize(
    "name", ["seed", "mode", "run", "run_settings", "config", "help", "history", "trial", "device"]
)
def test_a_run_whose_setting_has_a_name_of_the_sweeps_own_is_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"with_{name}.py").write_text(
        "from dataclasses import dataclass\nfrom quadratic_run import Quadratic\n"
        f"@dataclass(frozen=True)\nclass Mine:\n    {name}: int = 3\n"
        "class Kind(Quadratic):\n    settings_type = Mine\nKIND = Kind()\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(UserError) as refused:
        parse_command_line(["--run", f"with_{name}:KIND", "--help"])
    assert str(refused.value) == (
        f"--run with_{name}:KIND: Mine.{name}: {name} is a name of the sweep's own; call the setting something else"
    )
