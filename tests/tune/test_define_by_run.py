"""A sweep whose space is a function of the trial and whose sampler is a function in a file, begun and gone on with."""

import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from sweep_here import sweep_here

from results.record.sweeps import SweepRecord, read_sweep
from search_spaces.reading.quiet import quiet
from tune.planning.resumed import plan_resumed
from tune.request.command_line import parse_command_line
from tune.sampling.told import ToldTrial, TrialState

SPACE = '''"""Far targets are walked to fast."""
from search_spaces import Prior

def SPACE(trial):
    target = trial.suggest_int("tenths", 0, 10) / 10
    fast = {"rate": trial.suggest_float("rate", 0.5, 1.0)} if target > 0.5 else {}
    return {"target": target, **fast}

PRIOR = {"rate": Prior(0.9, 0.1)}
'''
SAMPLER = """
import optuna

def mine(study, seed, number):
    assert len(study.trials) == number - 2  # of starting values and tried ones nobody knows what would have been drawn
    return optuna.samplers.TPESampler(seed=seed, n_startup_trials=2)
"""


@pytest.fixture(scope="module")
def gone_on_with(tmp_path_factory: pytest.TempPathFactory) -> tuple[SweepRecord, str]:
    storage = tmp_path_factory.mktemp("define-by-run")
    space, sampler = storage / "space.py", storage / "sampler.py"
    space.write_text(SPACE, encoding="utf-8")
    sampler.write_text(SAMPLER, encoding="utf-8")
    flags = ["--run", "quadratic_run:KIND", "--num_epochs", 2, "--max_concurrent_trials", 1, "--replicate", 0]
    flags += ["--scheduler", "none", "--search_space", space, "--sampler", f"{sampler}:mine", "--prior_trials", 1]
    begun = sweep_here(storage, *flags, "--name", "a", "--num_samples", 4, "--try", "target=0.7,rate=0.6")
    assert begun.returncode == 0, begun.stderr
    resumed = sweep_here(storage, "--run", "quadratic_run:KIND", "--resume", "a", "--num_samples", 7)
    assert resumed.returncode == 0, resumed.stderr
    return read_sweep(storage / "a"), begun.stdout + begun.stderr + resumed.stdout + resumed.stderr


def test_every_trial_is_whole_and_tells_where_it_came_from(gone_on_with: tuple[SweepRecord, str]) -> None:
    record, _ = gone_on_with
    proposals = [trial.proposal for trial in record.trials]
    assert [proposal.by for proposal in proposals if proposal] == ["start", "try", "prior", *["sampler.py:mine"] * 4]
    assert record.trials[1].config == {"target": 0.7, "rate": 0.6}
    for trial, proposal in zip(record.trials, proposals, strict=True):
        assert trial.config.keys() == {"target", "rate"}
        if proposal and proposal.by not in ("start", "try") and proposal.params:
            assert trial.config["target"] == proposal.params["tenths"] / 10
            assert trial.config["rate"] == proposal.params.get("rate", 0.1)  # where it is not drawn, the default


def test_optunas_storage_shows_what_the_function_drew(gone_on_with: tuple[SweepRecord, str]) -> None:
    record, _ = gone_on_with
    with quiet():
        storage = JournalStorage(JournalFileBackend(str(record.folder / "optuna.journal")))
        shown = optuna.load_study(study_name=None, storage=storage).trials
    drawn = [trial.proposal.params for trial in record.trials[2:] if trial.proposal]
    assert [trial.params for trial in shown[2:]] == drawn


def test_the_resume_proposes_what_the_record_says(gone_on_with: tuple[SweepRecord, str]) -> None:
    record, _ = gone_on_with
    plan, changes = plan_resumed(
        parse_command_line(["--run", "quadratic_run:KIND", "--resume", "a"]), record.folder, lambda sentence: None
    )
    told = [
        ToldTrial(trial.config, TrialState.COMPLETED, 2, record.best_row(trial), trial.proposal)
        for trial in record.trials
    ]
    assert changes == []
    for number in (3, 4, 6):
        assert plan.propose(number, told[:number], []) == record.trials[number].proposal


def test_nothing_of_it_is_noise_on_the_screen(gone_on_with: tuple[SweepRecord, str]) -> None:
    _, said = gone_on_with
    for noise in ("Warning", "Traceback", "[I ", "[W "):
        assert noise not in said
    assert "Runs the search space's file, as it was recorded: " in said
