"""A sweep of a language model on a user's task, as a user runs it."""

import json
import shutil
from pathlib import Path
from typing import Any

from sweep_here import sweep_here
from sweep_process import rows, trial_folders
from tiny_language_model import TASK, write_task

DEFAULTS = '\nDEFAULTS = {"lr": 3e-3, "steps_per_epoch": 2, "prompts_per_step": 2}\n'


def trained(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name.startswith(("Train/", "Val/"))}


def test_an_interrupted_sweep_of_a_language_model_goes_on_to_the_same_numbers(tiny_model: Path, tmp_path: Path) -> None:
    task = write_task(tmp_path, TASK + DEFAULTS)
    finished = sweep_here(
        tmp_path, "--name", "sums", "--run", "trl_grpo", "--task", task, "--model_path", tiny_model,
        "--num_samples", 2, "--num_epochs", 2, "--max_concurrent_trials", 1, "--wandb_mode", "disabled",
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    assert "sums.py: 25 prompts to train on, 25 to validate on, token budgets 2, 4; Qwen2ForCausalLM" in finished.stdout
    assert "the model as it came" in finished.stdout
    assert "always '4'" in finished.stdout
    sweep = tmp_path / "sums"
    first, second = trial_folders(sweep)
    before = [[trained(row) for row in rows(trial)] for trial in (first, second)]
    assert [len(epochs) for epochs in before] == [2, 2]
    assert json.loads((first / "params.json").read_text(encoding="utf-8")) == {
        "lr": 3e-3, "num_generations": 8, "budget_penalty": 0.5,
    }, "what is searched starts from the task's defaults"  # fmt: skip
    assert "Train/Reward_short" in before[0][0]

    line = (second / "result.json").read_text(encoding="utf-8").splitlines(keepends=True)[0]
    (second / "result.json").write_text(line, encoding="utf-8")  # as a kill in its second epoch would have left it
    shutil.rmtree(second / "checkpoint_000002")
    resumed = sweep_here(tmp_path, "--resume", "sums")
    assert resumed.returncode == 0, resumed.stderr
    assert [[trained(row) for row in rows(trial)] for trial in (first, second)] == before
    assert not list(sweep.glob("trial_*/workspace"))

    task.write_text(TASK + DEFAULTS + "TOKEN_BUDGETS = (1, 2)\n", encoding="utf-8")
    refused = sweep_here(tmp_path, "--resume", "sums")
    assert refused.returncode == 2
    assert "this is not the data that it ran on" in refused.stderr
