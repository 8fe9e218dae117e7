"""Settings that depend on each other: a proposal that no trial can have costs none, and is shown with its reason."""

import json
import os
from pathlib import Path

import pytest
from sweep_here import sweep_here
from sweep_process import QUADRATIC, params, trial_folders

from results.compare_trials import main as compare_trials

FLAGS = (*QUADRATIC, "--num_epochs", 2, "--wandb_mode", "disabled")


def space_file(folder: Path, low: float, high: float) -> Path:
    file = folder / f"from_{low}.py"
    file.write_text(
        "from optuna.distributions import FloatDistribution\n"
        f"SPACE = {{'target': FloatDistribution({low}, {high}), 'rate': FloatDistribution(0.05, 0.1)}}\n",
        encoding="utf-8",
    )
    return file


def test_a_sweep_whose_space_is_refused_ends_in_order_and_goes_on_in_a_mended_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    refused = space_file(tmp_path, 0.5, 1.0)
    ended = sweep_here(tmp_path, "--name", "far", *FLAGS, "--num_samples", 4, "--reach", 0.4, "--search_space", refused)

    assert ended.returncode == 2, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert f"no trial 1 was found in the search space {refused}: 100 proposals refused: target and rate are" in line
    assert f"go on with: python tune/run_sweep.py --resume far --storage_path {tmp_path}" in os.path.normpath(line)
    assert ended.stdout.count("a proposal is refused and drawn again") == 1
    assert ended.stdout.count("100 proposals refused: target and rate are") == 1
    assert [len(list(trial.glob("checkpoint_*"))) for trial in trial_folders(tmp_path / "far")] == [2]
    page = (tmp_path / "far" / "report.html").read_text(encoding="utf-8")
    assert page.count("100 proposals refused: target and rate are") == 1

    mended = space_file(tmp_path, 0.0, 0.6)
    done = sweep_here(tmp_path, "--resume", "far", "--search_space", mended, "--max_concurrent_trials", 1)
    assert done.returncode == 0, done.stdout + done.stderr
    trials = [params(trial) for trial in trial_folders(tmp_path / "far")]
    assert len(trials) == 4
    assert all(trial["target"] + trial["rate"] <= 0.4 for trial in trials)
    refusals = json.loads((tmp_path / "far" / "refused.json").read_text(encoding="utf-8"))["refusals"]
    of_trial_1 = [refusal["attempt"] for refusal in refusals if refusal["number"] == 1]
    assert of_trial_1 == list(range(len(of_trial_1)))
    capsys.readouterr()
    assert compare_trials([str(tmp_path / "far")]) == 0
    assert f"{len(refusals)} proposals refused: target and rate are" in capsys.readouterr().out
