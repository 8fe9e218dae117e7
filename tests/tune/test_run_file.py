"""A sweep of a kind of run that lies in a user's own file."""

import json
from pathlib import Path

import pytest
import yaml
from sweep_here import sweep_here
from sweep_process import rows, trial_folders

KIND = """
from dataclasses import dataclass
from pathlib import Path

import quadratic_run
from task import Prompt, height

@dataclass(frozen=True)
class Settings(quadratic_run.QuadraticSettings):
    pass

class Mine(quadratic_run.Quadratic):
    settings_type = Settings
    packages = ("optuna", "no-such-package")

    def prepare(self, settings):
        return Prompt("up")

    def describe(self, settings, data):
        here = Path(__file__).parent
        if here.exists():  # no worker sees it: none has begun
            here.rename(here.with_name("away"))
        return super().describe(settings, data)

    def start(self, settings, data, context):
        import lately
        run = super().start(settings, data, context)
        step = run.step
        run.step = lambda: {**step(), "Train/Height": height(settings, data), "Train/Lately": lately.VALUE}
        return run

KIND = Mine()
"""
TASK = """
from dataclasses import dataclass

@dataclass
class Prompt:
    text: str

def height(settings, prompt):
    return 3.0 if prompt == Prompt("up") else 0.0
"""


def test_a_run_in_a_file_is_swept_by_workers_that_lack_it_and_resumed_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, away, sweep = tmp_path / "mine", tmp_path / "away", tmp_path / "sweeps" / "own"
    mine.mkdir()
    for name, text in {"run.py": KIND, "task.py": TASK, "lately.py": "VALUE = 1\n"}.items():
        (mine / name).write_text(text, encoding="utf-8")
    flags = ("--num_epochs", 2, "--grace_period", 2, "--wandb_mode", "disabled")
    monkeypatch.chdir(mine)
    done = sweep_here(tmp_path / "sweeps", "--name", "own", "--run", "run.py:KIND", "--num_samples", 1, *flags)
    assert (done.returncode, done.stderr) == (0, "")
    assert not mine.exists()
    assert yaml.safe_load((sweep / "sweep.yaml").read_text(encoding="utf-8"))["run"] == f"{mine}/run.py:KIND"
    environment = json.loads((sweep / "environment.json").read_text(encoding="utf-8"))
    assert {"source/run.py", "source/task.py", "source/lately.py"} <= environment.keys()
    assert environment["version/no-such-package"] == "not installed"

    away.rename(mine)
    (mine / "lately.py").write_text("VALUE = 2\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    resumed = sweep_here(tmp_path / "sweeps", "--resume", "own", "--num_samples", 2)
    assert (resumed.returncode, resumed.stderr) == (0, "")
    was = environment["source/lately.py"]
    (said,) = [line for line in resumed.stdout.splitlines() if line.startswith("run: its code is another")]
    assert f"lately.py {was} -> " in said
    assert said in yaml.safe_load((sweep / "sweep.yaml").read_text(encoding="utf-8"))["history"][0]["changes"]
    columns = ("Train/Height", "Train/Lately")
    found = [[tuple(row[name] for name in columns) for row in rows(trial)] for trial in trial_folders(sweep)]
    assert found == [[(3.0, 1.0)] * 2, [(3.0, 2.0)] * 2]

    away.rename(mine)
    again = sweep_here(tmp_path / "sweeps", "--resume", "own")
    assert again.returncode == 0
    assert "its code is another" not in again.stdout


def test_data_that_cannot_travel_to_the_trials_is_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    for name, text in {"run.py": KIND.replace('Prompt("up")', "(p for p in 'up')"), "task.py": TASK}.items():
        (tmp_path / name).write_text(text.replace("if here.exists()", "if False"), encoding="utf-8")
    refused = sweep_here(tmp_path / "sweeps", "--run", f"{tmp_path}/run.py:KIND", "--wandb_mode", "disabled")
    (sentence,) = refused.stderr.splitlines()
    assert "what the run's prepare gave cannot travel to the trials (TypeError: cannot pickle 'generator'" in sentence
    assert refused.returncode == 2
    assert not (tmp_path / "sweeps").exists()
