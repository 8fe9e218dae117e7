"""Sweeps of older versions: read, listed and resumed as they are.

`sweep_of_format_1` was made by commit 729feb3, with one trial at a time, and killed in the third of its four trials:

    python tune/run_sweep.py --name recorded --run quadratic_run:KIND --num_samples 4 --num_epochs 6 --grace_period 2 \
        --epoch_ms 300 --max_concurrent_trials 1

Left out of it: what is derived from the record, all but the newest checkpoints, the absolute paths, and what the
quadratic run could be set to then and cannot now, how to fail. Its epochs are shorter now.
"""

import json
import math
import shutil
from pathlib import Path

import pytest
import yaml
from compare_here import compare_here
from made_up_sweep import DATA, DATA_OF_A_NEW_SWEEP, OF_A_NEW_SWEEP, MadeUpTrial, write_sweep
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution
from quadratic_run import QuadraticRun, QuadraticSettings
from sweep_here import sweep_here
from sweep_process import ROOT, curve, params, rows

from results import compare_trials
from results.analysis.details import baselines, score_details
from results.page.section import section_of
from results.record.space import space_from_json
from results.record.sweeps import read_settings, read_sweep
from results.record.upgrade import FORMAT, upgraded
from results.trackers.wandb_trials import run_id
from trainable.contract import TrialStatus, UserError
from trainable.ranking import Objective
from trainable.score_parts import Curve, ScoreParts
from trainable.settings_fields import Role, roles_by_name
from tune.planning.resumed import plan_resumed
from tune.planning.sweep_folder import write_settings
from tune.request.command_line import parse_command_line

PROPOSAL_3_OF_AN_UNINTERRUPTED_SWEEP = {"target": 0.7130808034163373, "rate": 0.07095017652403181}
"""By the code that made the sweep. ASHA stopped it after its second epoch."""
WANDB_RUN_IDS = ["f8a45a9b3ce5", "7da2f0210425", "776d2013aa6a"]
"""As the same code has them, offline."""


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(ROOT)
    shutil.copytree(Path(__file__).with_name("sweep_of_format_1"), tmp_path / "recorded")
    return tmp_path / "recorded"


def listed(sweep: Path) -> list[str]:
    done = compare_here(sweep, "--columns", "trial,epochs,target", "--format", "csv")
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def contents(folder: Path) -> dict[Path, bytes]:
    return {file: file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


def parts_on_disk(sweep: Path) -> tuple[dict[str, object], ...]:
    described = [json.loads((sweep / file).read_text(encoding="utf-8")) for file in ("data.json", "search_space.json")]
    return yaml.safe_load((sweep / "sweep.yaml").read_text(encoding="utf-8")), *described


def test_an_old_sweep_is_read_and_listed_and_stays_as_it_is_on_disk(old: Path) -> None:
    before = contents(old)
    record = read_sweep(old)
    assert record.space == {"target": FloatDistribution(0.0, 1.0), "rate": FloatDistribution(0.05, 1.0, log=True)}
    statuses = [trial.status(record.num_epochs) for trial in record.trials]
    assert statuses == [TrialStatus.COMPLETED, TrialStatus.COMPLETED, TrialStatus.UNFINISHED]
    assert listed(old) == ["trial,epochs,target", "2,2,0.8852714752954074", "1,6,0.48722328503652634", "0,6,0.1"]
    assert contents(old) == before


def test_the_runs_of_an_old_sweep_keep_their_ids_at_wandb(old: Path) -> None:
    record = read_sweep(old)
    assert [run_id(record, trial.number, "offline") for trial in record.trials] == WANDB_RUN_IDS


def test_an_old_sweep_whose_folder_is_renamed_keeps_them_and_a_resume_writes_down_what_they_are_made_of(
    old: Path,
) -> None:
    origin = read_sweep(old).origin
    renamed = old.rename(old.with_name("renamed"))
    assert read_sweep(renamed).origin == origin

    write_settings(*plan_resumed(parse_command_line(["--resume", "renamed"]), renamed))

    settings = read_settings(renamed / "sweep.yaml")
    assert (settings["name"], settings["wandb_group"]) == ("renamed", "recorded")
    record = read_sweep(renamed)
    assert [run_id(record, trial.number, "offline") for trial in record.trials] == WANDB_RUN_IDS


def test_a_plan_goes_on_with_an_old_sweep_and_finds_nothing_changed(old: Path) -> None:
    plan, changes = plan_resumed(parse_command_line(["--resume", "recorded"]), old)
    assert changes == []
    assert plan.origin.created == "20261125-144147"
    assert plan.space == read_sweep(old).space


def test_what_shaped_an_old_sweeps_trials_is_what_shapes_those_of_a_new_one(old: Path) -> None:
    plan, _ = plan_resumed(parse_command_line(["--resume", "recorded"]), old)
    shaping = {name for name, roles in roles_by_name(plan.settings).items() if Role.TRAINING in roles}
    record = read_sweep(old)
    assert record.training_settings.keys() == record.settings.keys() & shaping
    assert record.training_settings["precision"] == plan.settings.precision == "fp32"


def test_the_report_of_an_old_sweep_shows_no_default_as_the_setting_of_what_it_searched(old: Path) -> None:
    record = read_sweep(old)
    assert {"target", "rate"} <= record.settings.keys()
    shown = dict(section_of(record, "a", "a")["settings"])
    assert shown.keys() & {"target", "rate", "epoch_ms"} == {"epoch_ms"}


def test_a_resumed_old_sweep_ends_as_an_uninterrupted_one_and_in_the_present_format(old: Path) -> None:
    finished = sweep_here(old.parent, "--resume", "recorded", "--wandb_mode", "disabled")
    assert finished.returncode == 0, finished.stderr

    walker = QuadraticRun(QuadraticSettings(**params(old / "trial_00002")), seed=0)
    expected = [walker.step() for _ in range(6)]
    assert [{name: row[name] for name in expected[0]} for row in curve(old / "trial_00002")] == expected
    assert params(old / "trial_00003") == PROPOSAL_3_OF_AN_UNINTERRUPTED_SWEEP
    assert len(rows(old / "trial_00003")) == 2
    settings, data, space = parts_on_disk(old)
    assert settings["format"] == FORMAT
    assert upgraded(settings, data, space)[1:] == (data, space)


def test_a_resume_that_was_killed_between_the_files_leaves_what_is_read_the_same(old: Path) -> None:
    before = read_sweep(old)
    _, data, space = upgraded(*parts_on_disk(old))
    (old / "data.json").write_text(json.dumps(data), encoding="utf-8")
    assert read_sweep(old) == before
    (old / "search_space.json").write_text(json.dumps(space), encoding="utf-8")
    assert read_sweep(old) == before


def test_every_kind_of_distribution_of_format_1_is_known() -> None:
    space = {
        "lr": {"kind": "float", "low": 1e-5, "high": 0.01, "log": True, "step": None, "choices": []},
        "dropout": {"kind": "float", "low": 0.0, "high": 0.5, "log": False, "step": 0.1, "choices": []},
        "group_size": {"kind": "int", "low": 2, "high": 32, "log": True, "step": 1, "choices": []},
        "recipe": {
            "kind": "categorical",
            "low": None,
            "high": None,
            "log": False,
            "step": None,
            "choices": ["a", None],
        },
    }
    assert space_from_json(Path("search_space.json"), upgraded({"name": "a", "created": ""}, {}, space)[2]) == {
        "lr": FloatDistribution(1e-5, 0.01, log=True),
        "dropout": FloatDistribution(0.0, 0.5, step=0.1),
        "group_size": IntDistribution(2, 32, log=True),
        "recipe": CategoricalDistribution(["a", None]),
    }


def test_the_earliest_sweeps_lack_files_and_details_and_are_read_all_the_same(old: Path) -> None:
    (old / "search_space.json").unlink()
    (old / "environment.json").unlink()
    baseline = {"name": "flat", "value": 0.5, "low": 0.4, "high": 0.6}
    data = {"objective": "Val/Height", "summary": "a parabola", "fingerprint": "parabola", "baselines": [baseline]}
    (old / "data.json").write_text(json.dumps(data), encoding="utf-8")
    settings = (old / "sweep.yaml").read_text(encoding="utf-8").splitlines(keepends=True)
    later = ("confirm", "upload_checkpoints")
    (old / "sweep.yaml").write_text("".join(line for line in settings if not line.startswith(later)), encoding="utf-8")

    record = read_sweep(old)
    assert record.job_type == "search"
    assert (record.space, record.environment) == ({}, {})
    assert len(listed(old)) == 1 + 3
    (old / "data.json").unlink()
    assert len(listed(old)) == 1 + 3


POINTS_OF_FORMAT_3 = [
    {
        "budget_ms": budget, "in_budget_accuracy": 0.2, "accuracy": accuracy, "latency_ms": latency,
        "p95_latency_ms": 9.0, "violation_rate": 0.1,
    }
    for budget, accuracy, latency in ((6.0, 0.3, 5.0), (30.0, 0.7, 20.0))
]  # fmt: skip
PARTS = {"unit": "image", "sums": [0.5, 1.5], "counts": [2, 2]}


@pytest.fixture
def of_format_3(tmp_path: Path) -> Path:
    """A sweep whose one trial was best at epoch 2 of 3, and its last checkpoint as that format has it."""
    known = {"under_budgets": POINTS_OF_FORMAT_3, "parts": PARTS}
    since = ("metrics", "trade_off", "figures", "wandb_project")
    data = {name: value for name, value in DATA_OF_A_NEW_SWEEP.items() if name not in since}
    data["baselines"] = [baseline | known for baseline in DATA["baselines"]]
    trial = MadeUpTrial({"lr": 0.1}, [0.3, 0.5, 0.4])
    sweep = write_sweep(tmp_path / "third", [trial], data, **OF_A_NEW_SWEEP | {"format": 3})
    checkpoint = sweep / "trial_00000/checkpoint_000003"
    checkpoint.mkdir()
    (checkpoint / "best_policy.json").write_text(json.dumps({"epoch": 2} | known), encoding="utf-8")
    return sweep


def test_what_a_sweep_of_format_3_told_of_its_best_epoch_and_baselines_is_still_read(of_format_3: Path) -> None:
    record = read_sweep(of_format_3)
    details = score_details(record, record.trials[0])
    assert details
    assert details.parts == ScoreParts("image", (0.5, 1.5), (2.0, 2.0))
    assert details.curves["frontier"] == Curve((5.0, 20.0), (0.3, 0.7), ("6 ms", "30 ms"))
    assert details.curves["budgets"] == Curve((6.0, 30.0), (0.2, 0.2))
    assert [baseline.curves for baseline in baselines(record)] == [details.curves] * 4
    assert [figure.name for figure in record.figures] == [*details.curves]
    assert record.described(record.metric).title == "in-budget accuracy"
    assert record.trade_off
    assert record.trade_off.direction == "min"


def test_the_last_checkpoint_of_a_sweep_of_format_3_may_tell_of_another_epoch_or_be_torn(of_format_3: Path) -> None:
    file = of_format_3 / "trial_00000/checkpoint_000003/best_policy.json"
    text = file.read_text(encoding="utf-8")
    for other in (text.replace('"epoch": 2', '"epoch": 1'), text[:-9], "{}", "[]"):
        file.write_text(other, encoding="utf-8")
        record = read_sweep(of_format_3)
        assert score_details(record, record.trials[0]) is None


def test_a_line_of_format_3_that_was_edited_is_named(of_format_3: Path) -> None:
    file = of_format_3 / "data.json"
    text = file.read_text(encoding="utf-8")
    for other, said in (('"accuracy": "0.3"', r"accuracy is '0\.3'"), ('"accurate": 0.3', "accuracy is missing")):
        file.write_text(text.replace('"accuracy": 0.3', other), encoding="utf-8")
        with pytest.raises(UserError, match=rf"data\.json: baselines\.0\.under_budgets\.0\.{said}"):
            read_sweep(of_format_3)


def test_a_sweep_of_a_newer_version_is_refused_in_a_sentence(old: Path) -> None:
    with (old / "sweep.yaml").open("a", encoding="utf-8") as file:
        file.write(f"format: {FORMAT + 1}\n")
    (old / "data.json").write_text('{"baselines": {}}', encoding="utf-8")  # as that format may have them
    with pytest.raises(UserError, match=f"sweep recorded: its record is of format {FORMAT + 1} and this version reads"):
        read_sweep(old)


def test_a_baseline_recorded_as_no_number_is_in_no_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recorded = [*DATA["baselines"], DATA["baselines"][0] | {"name": "unknown", "value": math.nan}]
    sweep = write_sweep(tmp_path / "a", [MadeUpTrial({"lr": 0.1}, [0.5])], DATA | {"baselines": recorded})
    assert compare_trials.main([str(sweep)]) == 0
    printed = capsys.readouterr().out
    assert "best fixed" in printed
    assert "unknown" not in printed
    assert "nan" not in printed


def test_an_old_sweep_is_ranked_by_its_one_metric_as_it_is_called(tmp_path: Path) -> None:
    name = "Val/right, in time"
    record = read_sweep(write_sweep(tmp_path / "old", [MadeUpTrial({"lr": 0.1}, (0.1, 0.2))], metric=name))
    assert record.objective == Objective((name,), ("max",))
    assert record.score(record.trials[0]) == 0.2
