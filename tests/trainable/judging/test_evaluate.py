"""evaluate.py and export.py on a policy trained for two epochs on the shipped profile."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from trainable import contract, evaluate, export
from trainable.contract import UserError
from trainable.exported_policy import ExportedPolicy
from trainable.grpo.checkpoint import read_controller
from trainable.grpo.controller_data import ControllerData
from trainable.grpo.joint_controller import KIND
from trainable.grpo.run import GRPORun
from trainable.grpo.settings import SHIPPED_PROFILE, GRPOSettings
from trainable.judging.controller_choices import ChoicesOnProfile
from trainable.judging.frontier_plot import frontier
from trainable.profiles.baselines import (
    BEST_FIXED,
    LOOKUP_TABLE,
    ORACLE,
    RANDOM,
    baselines_under_budgets,
    per_sample,
    points_of_choices,
)
from trainable.profiles.image_split import VALIDATION

PROJECT = Path(evaluate.__file__).parent.parent


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> ControllerData:
    os.environ.setdefault("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    return KIND.prepare(GRPOSettings())


def test_the_best_policy_scores_on_the_grid_what_training_said(trial: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main([str(trial)]) == 0
    printed = capsys.readouterr().out
    assert f"in-budget accuracy {float((trial / 'score').read_text(encoding='utf-8')):.3f}" in printed
    assert "332 validation samples" in printed
    # 35 % to 100 % of the full model's mean latency over the training samples
    assert [line.split("%")[0].split()[-1] for line in printed.splitlines() if "of full" in line] == [
        "35", "50", "70", "85", "100",
    ]  # fmt: skip


def test_further_budgets_and_a_picture(trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for ending, start in (("png", b"\x89PNG"), ("svg", b"<?xml")):
        file = tmp_path / f"frontier.{ending}"
        assert evaluate.main([str(trial), "--split", "test", "--budgets", "8", "12", "--plot", str(file)]) == 0
        assert file.read_bytes().startswith(start)
    printed = capsys.readouterr().out
    assert "344 test samples" in printed
    assert "   8 ms" in printed


def test_baselines_under_the_grid_are_those_of_the_run(data: ControllerData) -> None:
    profile = data.profile
    expected = per_sample(profile, VALIDATION)
    entries = baselines_under_budgets(profile, VALIDATION, profile.budget_grid_ms)
    for name in (RANDOM, BEST_FIXED, LOOKUP_TABLE, ORACLE):
        mean = np.mean([entry.in_budget_accuracy for entry in entries[name]])
        assert mean == pytest.approx(expected[name].mean(), abs=1e-5)


def test_one_configuration_for_all_has_its_own_mean_latency(data: ControllerData) -> None:
    profile = data.profile
    rows = profile.samples(VALIDATION)
    (entry,) = points_of_choices(profile, VALIDATION, np.full((len(rows), 1), 7), np.array([1e6], dtype=np.float32))
    assert entry.latency_ms == pytest.approx(profile.latency_ms[rows, 7].mean(), rel=1e-5)
    assert (entry.violation_rate, entry.in_budget_accuracy) == (0.0, entry.accuracy)


def test_the_frontier_keeps_what_no_other_beats_in_both() -> None:
    # the second is slower and worse than the first; the third is slower and better; the fourth was never measured
    latency_ms, accuracy = np.array([10.0, 20.0, 30.0, np.nan]), np.array([0.5, 0.4, 0.6, np.nan])
    assert frontier(latency_ms, accuracy).tolist() == [0, 2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere"], "there is no such file or folder"),
        (["{empty}"], "no checkpoint in it"),
        (["{torn}"], "not a whole checkpoint"),
        (["{trial}", "--plot", "frontier.pdf"], "it can be drawn as .png or .svg"),
        (["{trial}", "--budgets", "-3"], "a budget is a number of ms above 0"),
        (["{trial}", "--results_dir", "{other}"], "trained on the knobs"),
        (["{trial}", "--results_dir", "{dense}"], "has tier low x num_active_blocks 4/8;"),
        (["{trial}", "--results_dir", "{unlike}"], "trained on language features from features.safetensors"),
    ],
)
def test_a_mistake_is_one_sentence(
    trial: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], sentence: str
) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "torn.pt").write_bytes(b"PK\x03\x04 torn")
    write_profile(tmp_path / "other", blocks=(8, 24))
    write_profile(tmp_path / "dense", blocks=(4, 8), top_k=0)
    unlike = tmp_path / "unlike" / "digit-vqa"
    unlike.mkdir(parents=True)
    for file in (SHIPPED_PROFILE / "digit-vqa").glob("*.json.gz"):
        (unlike / file.name).symlink_to(file)
    places = {
        "trial": trial,
        "empty": tmp_path / "empty",
        "torn": tmp_path / "torn.pt",
        "other": tmp_path / "other",
        "dense": tmp_path / "dense",
        "unlike": tmp_path / "unlike",
    }
    assert evaluate.main([argument.format(**places) for argument in arguments]) == 2
    told = capsys.readouterr().err
    assert sentence in told
    assert told.count("\n") == 1


def write_profile(results_dir: Path, blocks: tuple[int, ...], top_k: int = 4) -> None:
    for dataset in ("a-vqa", "b-vqa"):
        (results_dir / dataset).mkdir(parents=True)
        for value in blocks:
            samples = [
                {
                    "accuracy": image % 2,
                    "T_total": 10 * value,
                    "metadata": {"image_id": image, "question": f"q {image}"},
                }
                for image in range(20)
            ]
            file = results_dir / dataset / f"{dataset}_imgsizetier-low_crops1_topk{top_k}_blocks{value}.json"
            file.write_text(json.dumps({"per_sample_results": samples}), encoding="utf-8")


def test_an_exported_policy_chooses_what_the_trained_one_does(
    trial: Path, data: ControllerData, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export.main([str(trial), "--output", str(tmp_path / "policy")]) == 0
    printed = capsys.readouterr().out
    assert printed.count("ExportedPolicy") == 2
    assert " ms (median, one CPU thread)" in printed

    policy = ExportedPolicy.load(tmp_path / "policy")
    profile, features = data.profile, data.features
    budgets_ms = np.array([1.0, *profile.budget_grid_ms[::3], 100.0], dtype=np.float32)
    chosen = ChoicesOnProfile(read_controller(trial), profile, features).choices(VALIDATION, budgets_ms)
    for row, sample in enumerate(profile.samples(VALIDATION)[:100]):
        language, vision = np.split(features.raw[sample], [features.language_size])
        for budget, budget_ms in enumerate(budgets_ms):
            configuration = policy.choose(language, vision, float(budget_ms))
            assert tuple(configuration.values()) == profile.grid.configurations[chosen[row, budget]]


def test_an_exported_policy_chooses_nothing_for_features_that_are_no_numbers(trial: Path, tmp_path: Path) -> None:
    assert export.main([str(trial), "--output", str(tmp_path)]) == 0
    policy, fine = ExportedPolicy.load(tmp_path), np.zeros(64)
    for language, vision, name in ((fine * np.nan, fine, "language"), (fine, fine + np.inf, "vision")):
        with pytest.raises(ValueError, match=f"{name} features hold NaN or infinity"):
            policy.choose(language, vision, 10.0)


@pytest.mark.parametrize("config", ["[]", '{"format": 1, "knobs": [1]}', "[" * 200_000], ids=["list", "knobs", "deep"])
def test_a_config_of_another_shape_is_no_exported_policy(tmp_path: Path, config: str) -> None:
    (tmp_path / "config.json").write_text(config, encoding="utf-8")
    save_file({"allowed": np.ones(1)}, tmp_path / "policy.safetensors")
    with pytest.raises(UserError, match="no whole exported policy in it"):
        ExportedPolicy.load(tmp_path)


def test_an_exported_policy_is_asked_without_torch(trial: Path, tmp_path: Path) -> None:
    assert export.main([str(trial), "--output", str(tmp_path / "policy")]) == 0
    (elsewhere := tmp_path / "elsewhere").mkdir()
    (tmp_path / "policy").rename(elsewhere / "policy")
    usage = (elsewhere / "policy" / "README.md").read_text(encoding="utf-8").split("```python\n")[1].split("```")[0]
    script = (
        "import sys, numpy\nlanguage, vision = numpy.zeros(64), numpy.zeros(64)\n"
        f"{usage}\nassert 'torch' not in sys.modules\nprint(sorted(configuration))"
    )
    finished = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, encoding="utf-8", check=True, cwd=elsewhere,
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
    )  # fmt: skip
    assert finished.stdout.strip() == "['num_active_blocks', 'tier', 'top_k']"


def test_datasets_train_together_and_are_validated_apart_and_questions_are_hashed(tmp_path: Path) -> None:
    write_profile(tmp_path / "profile", blocks=(8, 16))
    settings = GRPOSettings(results_dir=str(tmp_path / "profile"))
    run = GRPORun(settings, KIND.prepare(settings), 0, "cpu")
    metrics = run.step()
    of_each = [metrics[contract.dataset_metric(contract.VAL_ACCURACY_MEAN, name)] for name in ("a_vqa", "b_vqa")]
    # both datasets hold the same images, so as many samples of each are validated
    assert np.mean(of_each) == pytest.approx(metrics[contract.VAL_ACCURACY_MEAN])
    assert all(contract.is_metric(name) for name in metrics)

    run.save(tmp_path)
    assert export.main([str(tmp_path), "--output", str(tmp_path / "policy")]) == 0
    chosen = ExportedPolicy.load(tmp_path / "policy").choose("q 3", None, budget_ms=100.0)
    assert chosen["num_active_blocks"] in (8, 16)


def test_one_dataset_has_no_metrics_of_its_own(trial: Path, data: ControllerData) -> None:
    metrics = GRPORun(GRPOSettings(), data, 0, "cpu").step()
    assert not [name for name in metrics if "digit_vqa" in name]


def test_a_policy_is_judged_on_its_profile_where_that_lies_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_profile(tmp_path / "profile", blocks=(8, 16))
    settings = GRPOSettings(results_dir=str(tmp_path / "profile"), dataset_names=("a_vqa",))
    run = GRPORun(settings, KIND.prepare(settings), 0, "cpu")
    run.step()
    run.save(tmp_path)
    (tmp_path / "profile").rename(tmp_path / "moved")

    assert evaluate.main([str(tmp_path)]) == 2
    assert "say with --results_dir where it lies" in capsys.readouterr().err
    assert evaluate.main([str(tmp_path), "--results_dir", "s3://bucket/moved"]) == 2
    assert "s3: addresses are not supported" in capsys.readouterr().err

    assert evaluate.main([str(tmp_path), "--results_dir", str(tmp_path / "moved")]) == 0
    judged = capsys.readouterr().out
    assert "samples of a_vqa;" in judged
    assert "Trained on" not in judged.replace("Trained on budgets", "")

    for file in (tmp_path / "moved").rglob("*.json"):
        file.write_text(file.read_text(encoding="utf-8").replace('"q ', '"which '), encoding="utf-8")
    assert evaluate.main([str(tmp_path), "--results_dir", str(tmp_path / "moved")]) == 0
    assert "Trained on other features" in capsys.readouterr().out
