"""What trials are called at W&B is known to work before any of them runs."""

import json
from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_trial
from quadratic_run import Quadratic

from results.record.sweeps import read_sweep
from results.trackers.wandb_trials import open_trial, sweep_settings
from trainable.contract import UserError
from tune.planning.plan import Plan, plan_new
from tune.planning.sweep_folder import begin
from tune.request.command_line import parse_command_line

SPACE_OF_CHOICES = (
    "from optuna.distributions import CategoricalDistribution as Choice\n"
    "SPACE = {'target': Choice([0.5, 1.0]), 'gate': Choice(['', 'a/very/long' * 12])}\n"
)


def planned(storage: Path, *flags: str) -> Plan:
    arguments = ["--storage_path", str(storage), "--name", "named", "--run", "quadratic_run:KIND", *flags]
    return plan_new(parse_command_line(arguments))


@pytest.mark.parametrize(
    ("run_name", "sentence"),
    [
        ("walk-{speed}", "'walk-{speed}': 'speed' is no setting, and nothing that is known of the sweep"),
        ("walk-{target:d}", "'walk-{target:d}': it cannot be filled in (Unknown format code 'd' for object of type"),
        ("walk-{wandb_entity:>8}", "'walk-{wandb_entity:>8}': it cannot be filled in (unsupported format string"),
        ("walk-{}", "'walk-{}': it cannot be filled in (Replacement index 0 out of range"),
        ("walk-{target", "'walk-{target': it cannot be filled in (expected '}'"),
        ("walk-{target.speed}", "it cannot be filled in ('float' object has no attribute 'speed')"),
        ("{gate}", "'{gate}' is an empty name"),
        ("{rate}" * 8, "with rate 0.36666666666666664 has 152 characters and W&B takes 128: 0.36666666"),
    ],
)
def test_a_run_name_that_cannot_be_made_is_refused_as_a_sweep_is_planned(
    run_name: str, sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Quadratic, "run_name", run_name)
    with pytest.raises(UserError) as refused:
        planned(tmp_path)
    assert str(refused.value).startswith("run 'quadratic_run:KIND': its run_name ")
    assert sentence in str(refused.value)
    assert str(refused.value).endswith("; mend it in the kind of run")


def test_a_run_name_is_made_of_each_choice_that_is_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    space = tmp_path / "choices.py"
    space.write_text(SPACE_OF_CHOICES, encoding="utf-8")
    monkeypatch.setattr(Quadratic, "run_name", "{created}{gate}")
    with pytest.raises(UserError, match=r"with gate 'a/very/long.* has 147 characters and W&B takes 128"):
        planned(tmp_path, "--search_space", str(space))


def test_a_run_name_edited_in_the_record_is_told_with_its_file(tmp_path: Path) -> None:
    folder = begin(planned(tmp_path)).settings.folder
    write_trial(folder / "trial_00000", MadeUpTrial({"target": 0.1, "rate": 0.1}, (0.5,)), "Val/Height")
    data = json.loads((folder / "data.json").read_text(encoding="utf-8"))
    (folder / "data.json").write_text(json.dumps(data | {"run_name": "walk-{speed}"}), encoding="utf-8")
    record = read_sweep(folder)
    with pytest.raises(
        UserError, match=r"data.json: run_name 'walk-\{speed\}': 'speed' is no setting.*restore the file"
    ):
        open_trial(sweep_settings(record, "offline"), record, 0)
