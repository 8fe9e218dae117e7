"""How a run's validation is read back, and how sure the difference of two is."""

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_sweep
from sweep_process import ROOT, curve, environment, params

from results.records import read_sweep
from results.validation_record import ValidationRecord, paired_gain, read_validation, validation_of_baseline


def scored(*means: float) -> ValidationRecord:
    """Two samples an image."""
    return ValidationRecord(None, (), tuple((2 * mean, 2) for mean in means))


def test_what_is_hard_for_both_takes_nothing_from_the_certainty() -> None:
    hardness = [random.Random(place).random() for place in range(50)]
    gain = paired_gain(scored(*(value + 0.1 for value in hardness)), scored(*hardness))
    assert gain.value == pytest.approx(0.1)
    assert gain.low == pytest.approx(0.1)
    assert gain.high == pytest.approx(0.1)


def test_the_interval_is_that_of_the_mean_difference() -> None:
    # Differences of +1 and -1, 50 each: mean 0, standard error 1 / sqrt(100), so about 0 -+ .196
    gain = paired_gain(scored(*([1.0] * 100)), scored(*([0.0] * 50 + [2.0] * 50)))
    assert gain.value == pytest.approx(0)
    assert (gain.low, gain.high) == (pytest.approx(-0.196, abs=0.03), pytest.approx(0.196, abs=0.03))


def test_a_trial_tells_its_best_policys_validation_and_a_run_without_one_nothing(
    digit_sweep: tuple[Path, str], quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    record = read_sweep(digit_sweep[0])
    for trial in record.trials:
        validation = read_validation(trial)
        assert validation
        assert validation.epoch == record.best_row(trial)["training_iteration"]  # type: ignore[index]
        total, count = map(sum, zip(*validation.image_scores, strict=True))
        assert total / count == pytest.approx(record.score(trial))
    baselines = [validation_of_baseline(baseline) for baseline in record.data["baselines"]]
    assert all(baseline and len(baseline.budgets) == 8 for baseline in baselines)

    flat = read_sweep(quadratic_sweep[0])
    assert read_validation(flat.trials[0]) is None
    assert validation_of_baseline(flat.data["baselines"][0]) is None
    assert read_validation(read_sweep(write_sweep(tmp_path / "new", [MadeUpTrial({}, ())])).trials[0]) is None


def test_the_single_runs_command_repeats_a_trial(digit_sweep: tuple[Path, str], tmp_path: Path) -> None:
    sweep, _ = digit_sweep
    python, *command = json.loads((sweep / "data.json").read_text())["reproduce"]
    assert python == "python"
    trial = sweep / "trial_00002"
    flags = [word for name, value in params(trial).items() for word in (f"--{name}", repr(value))]
    rest = ["--num_epochs", "3", "--seed", "0", "--output_dir", str(tmp_path / "again")]

    done = subprocess.run(
        [sys.executable, *command, *flags, *rest], cwd=ROOT, env=environment(), capture_output=True, text=True
    )

    assert done.returncode == 0, done.stderr
    assert metrics(tmp_path / "again") == metrics(trial)[:3]


def metrics(trial: Path) -> list[dict[str, float]]:
    return [{name: value for name, value in row.items() if "/" in name} for row in curve(trial)]
