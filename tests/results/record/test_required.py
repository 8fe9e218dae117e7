"""A record that somebody edited by hand, or of which a part was lost: one sentence says which file, what, and why."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from made_up_sweep import DATA_OF_A_NEW_SWEEP, METRIC, OF_A_NEW_SWEEP, MadeUpTrial, write_sweep

from results import compare_trials, report, sync_wandb
from results.files.required import Data, Settings
from results.record.sweeps import read_sweep
from trainable.contract import LOCK_FILE
from tune import run_sweep

REMOVED = object()
OPTIONAL = {"cpus_per_trial", "history", "inputs"}
FORMAT_1_LACKED = {"format"}
"""A sweep.yaml without it is one of format 1."""
RANGE = {"name": "FloatDistribution", "attributes": {"low": 1e-4, "high": 1e-2, "log": True, "step": None}}


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    trials = [MadeUpTrial({"lr": 1e-3}, (0.3, 0.4)), MadeUpTrial({"lr": 1e-2}, failure="error")]
    folder = write_sweep(tmp_path / "mine", trials, DATA_OF_A_NEW_SWEEP, **OF_A_NEW_SWEEP)
    (folder / "search_space.json").write_text(json.dumps({"lr": RANGE}), encoding="utf-8")
    return folder


def contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in folder.rglob("*") if file.is_file() and file.name != LOCK_FILE}


def edit(file: Path, **values: Any) -> None:
    """JSON is YAML too."""
    content = {**yaml.safe_load(file.read_text(encoding="utf-8")), **values}
    kept = {name: value for name, value in content.items() if value is not REMOVED}
    write = yaml.safe_dump if file.suffix == ".yaml" else json.dumps
    file.write_text(write(kept), encoding="utf-8")


def refusal(capsys: pytest.CaptureFixture[str], sweep: Path) -> str:
    assert compare_trials.main([str(sweep)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def every_line(content: Mapping[str, Any]) -> list[tuple[str, Any]]:
    wrong: list[tuple[str, Any]] = [(name, value) for name in content for value in ([1], {"a": 1}, None, -1)]
    may_be = ("wandb_project", None), ("wandb_entity", None), ("cpus_per_trial", -1)
    return [one for one in wrong if one not in may_be]


def test_a_new_record_is_read(sweep: Path) -> None:
    assert {*Settings.model_fields} <= {*yaml.safe_load((sweep / "sweep.yaml").read_text(encoding="utf-8"))}
    assert {*Data.model_fields} == {*DATA_OF_A_NEW_SWEEP}
    assert read_sweep(sweep).num_epochs == 3


@pytest.mark.parametrize("model", [Settings, Data])
def test_each_line_that_is_of_no_use_or_missing_is_named_beside_its_file(
    model: Any, sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = sweep / ("sweep.yaml" if model is Settings else "data.json")
    whole = file.read_bytes()
    missing = [(name, REMOVED) for name in {*model.model_fields} - OPTIONAL - FORMAT_1_LACKED]
    for name, value in [*missing, *every_line(model.model_fields)]:
        edit(file, **{name: value})
        line = refusal(capsys, sweep)
        assert f"{file}: {name}" in line, (name, value)
        assert line.endswith("; correct that, or restore the file")
        file.write_bytes(whole)


@pytest.mark.parametrize(
    ("file", "values", "sentence"),
    [
        ("sweep.yaml", {"format": "three"}, "format is 'three': input should be a valid integer"),
        ("sweep.yaml", {"num_epochs": "many"}, "num_epochs is 'many': input should be a valid integer"),
        ("sweep.yaml", {"mode": "up"}, "mode is 'up'; it must be 'max' or 'min'"),
        ("sweep.yaml", {"metric": "Val/Nix"}, f"trial_00000 has not recorded; correct that (it recorded {METRIC})"),
        ("sweep.yaml", {"format": REMOVED, "created": REMOVED}, "created is missing"),
        ("data.json", {"baselines": [{"name": "oracle"}]}, "baselines.0.value is missing"),
        ("data.json", {"roles": {"lr": "training"}}, "roles.lr is 'training': input should be a valid array"),
        ("search_space.json", {"lr": {**RANGE, "name": "Nope"}}, "lr is no distribution (Unknown"),
        ("search_space.json", {"lr": {**RANGE, "attributes": {"low": 2, "high": 1}}}, "lr is no distribution"),
        ("search_space.json", {"lr": [1]}, "lr is no distribution"),
        ("proposed.json", {"trials": "x"}, "trials is 'x': input should be a valid integer"),
        ("trial_00000/params.json", {"seed": "x"}, "seed is 'x': input should be a valid integer"),
        ("trial_00001/failure.json", {"kind": REMOVED}, "kind is missing"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_record_is_told_in_a_sentence_by_every_command(
    file: str, values: dict[str, Any], sentence: str, sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if not (sweep / file).exists():
        (sweep / file).write_text("{}", encoding="utf-8")
    edit(sweep / file, **values)
    before = contents(sweep)
    of_storage = ["--storage_path", str(sweep.parent)]
    for command, arguments in (
        (compare_trials.main, [str(sweep)]),
        (report.main, [str(sweep)]),
        (sync_wandb.main, [str(sweep), "--mode", "offline"]),
        (run_sweep.main, ["--resume", "mine", *of_storage]),
        (run_sweep.main, ["--confirm", "mine", *of_storage]),
    ):
        assert command(arguments) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert f"{sweep / file}: " in line
        assert sentence in line
    assert contents(sweep) == before
    assert [folder.name for folder in sweep.parent.iterdir()] == ["mine"]


def test_a_number_beyond_a_float_is_listed_as_infinite(sweep: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(sweep / "trial_00000" / "params.json", lr=10**400)
    edit(sweep / "search_space.json", lr={"name": "CategoricalDistribution", "attributes": {"choices": [1, 10**400]}})
    assert compare_trials.main([str(sweep), "--columns", "lr,score"]) == report.main([str(sweep)]) == 0
    assert "inf  0.400" in capsys.readouterr().out


@pytest.mark.parametrize("command", [compare_trials.main, report.main, sync_wandb.main])
@pytest.mark.parametrize("arguments", [[""], ["mine", ""], ["--storage_path", "", "mine"]])
def test_an_empty_argument_names_no_sweep(
    command: Any, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(arguments) == 2
    assert "is empty, as a shell's variable that is not set; give a value or leave it out" in capsys.readouterr().err
