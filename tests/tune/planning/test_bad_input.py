"""Every mistake gets one sentence and status 2, and leaves nothing behind."""

from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_sweep
from sweep_here import sweep_here

from trainable.grpo.settings import GRPOSettings
from tune.request.command_line import parse_command_line
from tune.request.settings import from_flat
from tune.run_sweep import main

SPACE_OF_ONE = 'from optuna.distributions import IntDistribution\nSPACE = {"group_size": IntDistribution(1, 8)}\n'
SPACE_OF_TEXT = (
    'from optuna.distributions import CategoricalDistribution\nSPACE = {"group_size": CategoricalDistribution(["8"])}\n'
)
SPACE_OF_OTHERS = 'from optuna.distributions import IntDistribution\nSPACE = {"grop_size": IntDistribution(2, 8)}\n'

MAY_BE_EMPTY = (
    "confirm",
    "resume",
    "name",
    "search_space",
    "metric",
    "mode",
    "constraint",
    "address",
    "wandb_project",
    "run",
    "config",
)
"""Flags whose values are text: of a shell's variable that is not set, nothing."""


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (["--num_sample", "3"], "no flag --num_sample; did you mean --num_samples?"),
        (["--lr", "1e-3"], "--lr is 0.001, but the search space joint_controller searches lr; leave it out, or give"),
        (["--retry_errored"], "--retry_errored needs --resume"),
        (["--num_samples", "three"], "--num_samples is 'three'; it must be a whole number"),
        (["--num_samples", "0"], "--num_samples is 0; it must be at least 1"),
        (["--num_epochs", "0"], "--num_epochs is 0; it must be at least 1"),
        (["--grace_period", "31"], "it must be at most num_epochs (30)"),
        (["--reduction_factor", "1"], "--reduction_factor is 1.0; it must be above 1"),
        (["--batch_size", "0"], "batch_size is 0; it must be at least 1"),
        (["--seed", "-1"], "--seed is -1; it must be 0 or more"),
        (["--gpus_per_trial", "1.5"], "it must be between 0 and 1, a whole number, or auto"),
        (["--gpus_per_trial=-1"], "it must be between 0 and 1, a whole number, or auto"),
        (["--precision", "fp8"], "--precision is 'fp8'; it must be one of fp32, tf32, bf16"),
        (["--run", "quadratic_run:KIND", "--precision", "tf32"], "a run of quadratic computes in fp32"),
        (["--cpus_per_trial", "0"], "--cpus_per_trial is 0.0; it must be above 0"),
        (["--epoch_budget", "0"], "--epoch_budget is 0; it must be at least 1"),
        (
            ["--time_budget", "90"],
            "--time_budget is '90'; it must be a duration above 0, as 45s, 90min, 2h or 1h 30min",
        ),
        (
            ["--stop_when", "no gain"],
            "--stop_when is 'no gain'; it must be a gain above 0 and a number of trials: 'gain < 0.003 in 20 trials'",
        ),
        (
            ["--stop_when", "gain < 1 in 2 trials", "--metric", "Val/In_Budget_Accuracy,Val/Latency_Mean"],
            "it must be left out with several objectives",
        ),
        (["--search_space", "nope.py"], "nope.py: there is no such file; say with --search_space where it lies"),
        (
            ["--search_space", "nope"],
            "no such space; it can be joint_controller, joint_controller_live, narrow, trl_grpo, trl_grpo_wide, wide",
        ),
        (["--recipe", "nope"], "--recipe is 'nope'; it must be one of default, original"),
        (
            ["--metric", "Val/In_Budget_Accuracy,Val/Latency_Mean", "--mode", "max"],
            "--mode is 'max'; it must be 2 of 'max' and 'min', as in 'max,min'",
        ),
        (["--metric", "Val/Accuracy_Mean,Val/Nope"], "--metric 'Val/Nope': trials cannot be ranked by it; it can be"),
        (["--metric", "Train/Entropy"], "--metric 'Train/Entropy': trials cannot be ranked by it; it can be"),
        (["--mode", "up"], "--mode is 'up'; it must be 'max' or 'min'"),
        (["--constraint", "Val/Latency_Mean < 90"], "--constraint is 'Val/Latency_Mean < 90'; it must be a metric, <="),
        (["--metric", "Val/Nope"], "trials cannot be ranked by it; it can be Val/In_Budget_Accuracy"),
        (["--dataset_names", "nope"], "no dataset 'nope' in it; --dataset_names can be digit_vqa"),
        (["--results_dir", "nowhere"], "nowhere: there is no such folder; say with --results_dir where it lies"),
        (["--latency_budget_min", "50"], "the range is empty"),
        (["--latency_budget_min", "9", "--latency_budget_max", "8"], "it must be at most latency_budget_max (8 ms)"),
        (["--name", "../x"], "--name '../x' is no plain folder name"),
        *(
            (["--" + name, ""], f"--{name} is empty, as a shell's variable that is not set; give")
            for name in MAY_BE_EMPTY
        ),
        (["--confirm="], "--confirm is empty"),
        (["--search-space", " "], "--search_space is empty"),
        (["--dataset_names", "digit_vqa", ""], "an argument is empty"),
        (["--wandb_project", "team/proj"], "--wandb_project: Invalid project name 'team/proj': cannot contain"),
        (["--wandb_project", "p" * 129, "--wandb_mode", "disabled"], "exceeded 128 characters"),
        (["--wandb_entity", "team/proj"], "--wandb_entity 'team/proj' is no name of a W&B user or team"),
        (["--run", "nope"], "no such run; it can be joint_controller"),
        (["--config", "nowhere.yaml"], "nowhere.yaml: there is no such file; say with --config where it lies"),
        (["--resume", "nope"], "no sweep 'nope' in"),
        (["--resume"], "to resume; begin one without --resume"),
        (["--address", "127.0.0.1:9"], "no Ray cluster answers there"),
    ],
)
def test_a_mistake_gets_its_sentence(
    flags: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = main(["--storage_path", str(tmp_path / "sweeps"), *flags])
    printed = capsys.readouterr()
    assert status == 2
    assert sentence in printed.err
    assert len(printed.err.splitlines()) == 1
    assert printed.out in ("", "Getting ready: the settings, the data and Ray\n")
    assert not (tmp_path / "sweeps").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (SPACE_OF_TEXT, "group_size is '8', text; it must be 8"),
        (SPACE_OF_ONE, "group_size is 1; it must be at least 2"),
        (SPACE_OF_OTHERS, "'grop_size' is no hyperparameter of joint_controller"),
    ],
)
def test_a_search_space_with_impossible_values_is_refused(
    text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.py"
    file.write_text(text, encoding="utf-8")
    assert main(["--storage_path", str(tmp_path / "sweeps"), "--search_space", str(file)]) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "sweeps").exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("num_samples: [1", "not readable as YAML"),
        ("- num_samples", "expected lines such as 'num_samples: 32'"),
        ("", "{file}: it holds nothing; expected lines such as 'num_samples: 32'"),
        ("seed: 1\nseed: 2", "{file}, line 2: not readable as YAML (seed is set twice)"),
        ("seed:\n\t1", "{file}, line 2: not readable as YAML (found character '\\t' that cannot start any token)"),
        ("widgets: 3", "{file}: widgets is no setting; --help lists the settings"),
        ("num_sample: 3", "{file}: num_sample is no setting; did you mean num_samples?"),
        ("search:\n  num_samples: 3", "{file}: search is no setting; "),
        ("num_samples: many", "{file}: num_samples is 'many'; it must be a whole number"),
        ("num_samples: 1.5", "{file}: num_samples is '1.5'; it must be a whole number"),
        ("num_samples: null", "{file}: num_samples is empty; it must be a whole number"),
        ("num_samples: [4, 8]", "{file}: num_samples is ['4', '8']; it must be a whole number, and one value"),
        ("num_samples: {a: 4}", "{file}: num_samples is {'a': '4'}; it must be a whole number, and one value"),
        ("num_samples: 2026-01-01", "{file}: num_samples is '2026-01-01'; it must be a whole number"),
        ("num_samples: 0", "{file}: num_samples is 0; it must be at least 1"),
        ("gpus_per_trial: ''", "{file}: gpus_per_trial is ''; it must be a number"),
        ("wandb_project: ''", "{file}: wandb_project is empty; give a value or leave it out"),
        ("address: ''", "{file}: address is empty; give a value or leave it out"),
        ("created: 20260101-120000\nformat: three", "{file}: format is 'three'; it must be a whole number"),
        ("dataset_names:", "{file}: dataset_names is empty; it must be text"),
        ("wandb_mode: off", "{file}: wandb_mode is 'off'; it must be one of online, offline, disabled"),
        ("batch_size: 0", "{file}: batch_size is 0; it must be at least 1"),
        ("lr: 1e-3", "{file}: lr is 0.001, but the search space joint_controller searches lr; leave it out, or give"),
        ("scheduler: pbt", "{file}: scheduler is 'pbt'; it must be one of promote, asha, none"),
        ("run: 3", "{file}: run '3': no such run"),
        ("run:", "{file}: run is empty; it must be text"),
        ("name: ../x", "{file}: name '../x' is no plain folder name"),
        ("metric: Val/Nope", "{file}: metric 'Val/Nope': trials cannot be ranked by it"),
        ("constraint: [Val/Latency_Mean <= 90, 3]", "{file}: constraint is '3'; it must be a metric, <="),
        ("constraint: Val/Latency_Mean = 90", "{file}: constraint is 'Val/Latency_Mean = 90'; it must be a metric, <="),
        ("search_space: nope", "{file}: search_space 'nope': no such space"),
    ],
)
def test_a_mistake_in_the_file_gets_its_sentence(
    text: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    assert main(["--storage_path", str(tmp_path / "sweeps"), "--config", str(file)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert sentence.replace("{file}", str(file)) in line
    assert not (tmp_path / "sweeps").exists()


def test_a_value_of_the_file_means_what_it_would_as_a_flag(tmp_path: Path) -> None:
    """Whatever YAML itself would take it for."""
    in_words = {"num_samples": '"4"', "seed": "010", "entropy_coefficient": "1e-3", "latency_budget_max": "null"}
    in_words |= {"trust_remote_code": "on", "name": "2026-01-01", "wandb_project": "007", "max_grad_norm": "1"}
    file = tmp_path / "mine.yaml"
    file.write_text("".join(f"{name}: {value}\n" for name, value in in_words.items()), encoding="utf-8")
    settings = from_flat(parse_command_line(["--config", str(file)]).given)
    assert (settings.num_samples, settings.seed, settings.name, settings.wandb_project) == (4, 10, "2026-01-01", "007")
    assert settings.run_settings == GRPOSettings(entropy_coefficient=1e-3, trust_remote_code=True, max_grad_norm=1.0)


def test_the_file_may_name_the_run_whose_settings_it_holds(tmp_path: Path) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text("run: quadratic_run:KIND\nepoch_ms: 3\n", encoding="utf-8")
    request = parse_command_line(["--config", str(file), "--gate_epoch", "2"])
    assert request.given == {"run": "quadratic_run:KIND", "epoch_ms": 3.0, "gate_epoch": 2}


def test_a_used_name_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_sweep(tmp_path / "a", [MadeUpTrial({"lr": 1e-3}, (0.3,))])
    assert main(["--storage_path", str(tmp_path), "--name", "a"]) == 2
    assert "exists already; take another name, or go on with --resume a" in capsys.readouterr().err


def test_more_gpus_than_exist_are_refused(tmp_path: Path) -> None:
    refused = sweep_here(tmp_path / "sweeps", "--gpus_per_trial", 64)
    assert refused.returncode == 2
    assert "--gpus_per_trial is 64, but there are" in refused.stderr
    assert len(refused.stderr.splitlines()) == 1
    assert not (tmp_path / "sweeps").exists()


def test_a_storage_path_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder", encoding="utf-8")
    refused = sweep_here(tmp_path / "file" / "sweeps", "--num_samples", 1)
    assert refused.returncode == 2
    assert "it cannot be used (Not a directory)" in refused.stderr
