"""The best settings of a search, run again under seeds that it never saw."""

from pathlib import Path

import pytest
import yaml
from made_up_sweep import MadeUpTrial, write_sweep
from sweep_here import sweep_here
from sweep_process import QUADRATIC, curve, params, trial_folders

from results.record.sweeps import SweepRecord
from results.record.trial.record import TrialRecord
from trainable.contract import UserError
from tune.planning.confirm import confirming_trials
from tune.run_sweep import main


def search(*scores: float | None, **settings: object) -> SweepRecord:
    """A search with one epoch a trial; trial n has target n, but every third one has target 0 again."""
    trials = tuple(
        TrialRecord(
            number,
            Path(f"trial_{number:05d}"),
            {"target": number % 3},
            () if score is None else ({"training_iteration": 1, "Val/Height": score},),
            None,
        )
        for number, score in enumerate(scores)
    )
    settings = {"metric": "Val/Height", "mode": "max", "constraint": [], "seed": 0, "confirm": "", **settings}
    return SweepRecord(Path("a"), settings, data={}, trials=trials, space={}, environment={}, proposed=len(trials))


def test_the_starting_values_come_first_then_the_best_settings_each_once() -> None:
    def targets(*scores: float, top: int) -> list[int]:
        return [trial["target"] for trial in confirming_trials(search(*scores), top, seeds=[1])]

    # Best first: trials 4 (target 1), 3 (target 0, the starting values again), 2 (target 2), 1 (target 1 again), 0.
    assert targets(0.1, 0.2, 0.3, 0.4, 0.5, top=3) == [0, 1, 2]
    assert targets(0.1, 0.2, 0.3, top=1) == [0, 2]


def test_only_a_search_with_scores_can_be_confirmed() -> None:
    with pytest.raises(UserError, match="none of its trials has a score yet"):
        confirming_trials(search(None, None), top=1, seeds=[1, 2])
    with pytest.raises(UserError, match="give that sweep"):
        confirming_trials(search(0.1, confirm="b"), top=1, seeds=[1, 2])


def test_every_setting_runs_under_every_seed_and_all_settings_under_one_before_the_next() -> None:
    assert confirming_trials(search(0.1, 0.2), top=1, seeds=[7, 8]) == [
        {"target": 0, "seed": 7},
        {"target": 1, "seed": 7},
        {"target": 0, "seed": 8},
        {"target": 1, "seed": 8},
    ]


def test_under_the_searchs_own_seed_a_setting_repeats_its_trial_and_under_another_it_does_not(
    quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    twin, _ = quadratic_sweep
    wanted = ("--confirm", twin, "--confirm_top", 1, "--confirm_seeds", 2, "--seed", 0)

    finished = sweep_here(tmp_path, *wanted, "--max_concurrent_trials", 1, "--wandb_mode", "disabled")

    assert finished.returncode == 0, finished.stderr
    trials = trial_folders(tmp_path / "twin-confirmed")
    assert [params(trial)["seed"] for trial in trials] == [0, 0, 1, 1]
    first = trial_folders(twin)[0]
    assert params(trials[0]) == {**params(first), "seed": 0}
    searched = curve(first)
    assert curve(trials[0])[: len(searched) - 1] == searched[:-1]  # the search may have stopped it there
    assert curve(trials[2])[0] != searched[0]
    assert all(len(curve(trial)) == 12 for trial in trials)  # nothing is stopped early
    settings = yaml.safe_load((tmp_path / "twin-confirmed" / "sweep.yaml").read_text(encoding="utf-8"))
    assert settings["confirm"] == str(twin)


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        (
            ["--num_samples", "9"],
            "--num_samples 9 cannot be given, since --confirm twin runs that sweep's settings as they are",
        ),
        (["--epoch_ms", "9"], "--epoch_ms 9.0 cannot be given"),
        (["--scheduler", "asha"], "--scheduler asha cannot be given"),
        (["--confirm_seeds", "1"], "at least 2: one seed has no spread"),
        (["--confirm_top", "0"], "--confirm_top is 0; it must be at least 1"),
    ],
)
def test_what_would_make_it_another_training_is_refused(
    flags: list[str],
    sentence: str,
    quadratic_sweep: tuple[Path, str],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    status = main(
        ["--storage_path", str(tmp_path / "sweeps"), *map(str, QUADRATIC), "--confirm", str(quadratic_sweep[0]), *flags]
    )
    printed = capsys.readouterr().err
    assert status == 2
    assert sentence in printed
    assert len(printed.splitlines()) == 1
    assert not (tmp_path / "sweeps").exists()


@pytest.mark.parametrize(
    ("hyperparameters", "sentence"),
    [
        ({"lr": 1e-3, "grop_size": 4}, "grop_size is no setting; did you mean group_size?"),
        ({"lr": "fast"}, "lr is 'fast'; it must be a number"),
        ({"lr": "0.001"}, "lr is '0.001', text; it must be 0.001"),
        ({"lr": [1e-3]}, "lr is [0.001]; it must be a number, and one value"),
        ({"group_size": 1}, "group_size is 1; it must be at least 2: a group of one has no advantage over itself"),
    ],
)
@pytest.mark.parametrize("goes_on_with", ["--confirm", "--resume"])
def test_a_trial_whose_hyperparameters_were_edited_into_none_is_refused_before_anything_starts(
    goes_on_with: str,
    hyperparameters: dict[str, object],
    sentence: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    trials = [MadeUpTrial({"lr": 1e-4}, (0.5,)), MadeUpTrial(hyperparameters, (0.6,), ended=False)]
    write_sweep(tmp_path / "edited", trials)

    assert main(["--storage_path", str(tmp_path), goes_on_with, "edited"]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert f"edited/trial_00001/params.json: {sentence}; restore the file, or remove the trial's folder" in line
    assert not (tmp_path / "edited-confirmed").exists()
