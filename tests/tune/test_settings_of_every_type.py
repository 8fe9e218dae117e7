"""A kind of run whose settings and hyperparameters are of every type, through the whole of a sweep."""

from pathlib import Path

import pytest
import yaml
from sweep_here import sweep_here
from sweep_process import params, rows, trial_folders
from wandb_file import offline_runs, run_config

from trainable.contract import shown_path
from trainable.settings_fields import to_flat
from tune.request.command_line import parse_command_line
from tune.request.settings import from_flat

TYPED = ("--run", "typed_run:KIND")
GIVEN = {
    "map": "hills.map", "betas": [-0.5, 1e-3], "stops": [], "sizes": ["LARGE", "SMALL"], "books": ["~/a", "b"],
    "said": "eins\nzwei – 3", "gate_epoch": 10**30,
}  # fmt: skip


def test_they_are_trained_recorded_resumed_and_confirmed_as_they_were_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep, file = tmp_path / "typed", tmp_path / "mine.yaml"
    file.write_text(yaml.safe_dump(GIVEN), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    begun = sweep_here(
        tmp_path, *TYPED, "--config", file, "--name", "typed", "--num_samples", 2, "--num_epochs", 1,
        "--max_concurrent_trials", 1, "--wandb_mode", "offline",
    )  # fmt: skip
    assert begun.returncode == 0, begun.stderr
    monkeypatch.chdir("/")
    no_wandb = ("--wandb_mode", "disabled")
    resumed = sweep_here(tmp_path, "--resume", "typed", "--num_samples", 3, *no_wandb)
    assert resumed.returncode == 0, resumed.stderr
    flags = ("--confirm_top", 1, "--confirm_seeds", 2, "--max_concurrent_trials", 1, *no_wandb)
    confirmed = sweep_here(tmp_path, "--confirm", "typed", *flags)
    assert confirmed.returncode == 0, confirmed.stderr

    given = GIVEN | {"map": str(tmp_path / "hills.map"), "books": [str(Path.home() / "a"), str(tmp_path / "b")]}
    recorded = yaml.safe_load((sweep / "sweep.yaml").read_text(encoding="utf-8"))
    assert {name: recorded[name] for name in given} == given
    first, *others = trial_folders(sweep)
    assert params(first) == {"walk": "straight", "size": "SMALL", "pace": 1, "shoes": None, "rest": 0.5}
    assert [len(rows(trial)) for trial in (first, *others, *trial_folders(tmp_path / "typed-confirmed"))] == [1] * 7
    (run,) = offline_runs(first)
    config = run_config(run)
    assert {name: config[name] for name in given | params(first)} == given | params(first)
    again = parse_command_line([*TYPED, "--config", shown_path(sweep / "sweep.yaml")]).given
    assert to_flat(from_flat({"name": "again"} | again).run_settings).items() >= given.items()


@pytest.mark.parametrize(
    ("space", "sentence"),
    [
        ('"size": C(["SMALL", "small"])', "size is 'small'; it must be one of SMALL, LARGE"),
        ('"rest": C([None, "0.5"])', "rest is '0.5', text; it must be 0.5"),
        ('"walk": C(["straight", None])', "walk is empty; it must be one of straight, round about"),
        ('"stops": C([(1, 2), (3,)])', "SPACE['stops'] has the choice (1, 2), which no record can hold; give text"),
        ('"map": C(["a", "b"])', "map has no default in typed_run:KIND, and what is searched starts from its default"),
        ('"steps": C([1, 2])', "'steps' is no hyperparameter of typed_run:KIND; it can be epoch_ms, "),
    ],
)
def test_a_choice_that_is_no_value_of_its_hyperparameter_is_refused(space: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "mine.py"
    file.write_text(
        f"from optuna.distributions import CategoricalDistribution as C\nSPACE = {{{space}}}\n", encoding="utf-8"
    )
    refused = sweep_here(tmp_path / "sweeps", *TYPED, "--map", "m", "--search_space", file)
    assert refused.returncode == 2
    assert sentence in refused.stderr
    assert not (tmp_path / "sweeps").exists()
