"""A run's own metric names: whatever it reports, declared or not, is recorded and shown everywhere."""

import csv
import json
from pathlib import Path

import pytest
from sweep_here import sweep_here
from sweep_process import rows
from views import tensorboard_curves
from wandb_file import history, offline_runs

from results import compare_trials

KIND = """
from quadratic_run import Quadratic, QuadraticRun

class Talkative(QuadraticRun):
    def step(self):
        metrics = super().step()
        later = {"eval, exact": 0.25} if self._epoch == 2 else {}
        return {**metrics, "loss": 0.5, "pass@1 (%)": 50, "epoch": self._epoch / 2, "kl": 0, "lengths/mean": 3, **later}

class TalkativeKind(Quadratic):
    def start(self, settings, data, context):
        return Talkative(settings, context.seed)

KIND = TalkativeKind()
"""
UNDECLARED = {"loss": 0.5, "pass@1 (%)": 50.0, "epoch": 1.0, "kl": 0.0, "lengths/mean": 3.0, "eval, exact": 0.25}
"""After its second epoch."""


def test_metrics_that_no_kind_declares_reach_every_view_with_one_word_about_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "talkative.py").write_text(KIND, encoding="utf-8")
    flags = ("--run", f"{tmp_path / 'talkative.py'}:KIND", "--num_samples", 2, "--num_epochs", 2, "--scheduler", "none")
    flags += ("--max_concurrent_trials", 1)
    done = sweep_here(tmp_path, "--name", "mine", *flags, "--wandb_mode", "offline")
    assert done.returncode == 0, done.stderr

    told = [line for line in done.stdout.splitlines() if "declares" in line]
    assert len(told) == 1
    assert "reports loss, pass@1 (%), epoch, kl and 1 more, not among the metrics that its kind" in told[0]
    trial = tmp_path / "mine/trial_00000"
    last = rows(trial)[-1]
    assert {name: last[name] for name in UNDECLARED} == UNDECLARED
    curves = tensorboard_curves(trial)
    assert curves.keys() == {"Val/Height", "Train/Place", "Score", *UNDECLARED}
    assert {name: curves[name][-1] for name in UNDECLARED} == {name: (2, value) for name, value in UNDECLARED.items()}
    (run,) = offline_runs(trial)
    (_, sent) = history(run)
    assert {name: sent[name] for name in UNDECLARED} == UNDECLARED
    with (trial / "progress.csv").open(encoding="utf-8") as file:
        assert [row["eval, exact"] for row in csv.DictReader(file)] == ["", "0.25"]

    chosen = ("--columns", '"pass@1 (%)",metric/epoch', "--where", "`pass@1 (%)` > 1 and lengths/mean == 3")
    assert compare_trials.main([str(tmp_path / "mine"), *chosen, "--format", "json"]) == 0
    assert [row["pass@1 (%)"] for row in json.loads(capsys.readouterr().out)] == [50.0, 50.0]
