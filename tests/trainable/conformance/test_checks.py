import dataclasses
import itertools
from pathlib import Path

import pytest
from broken_runs import BROKEN, WalkSettings
from conformance import assert_conforms, first_fault
from grpo_runs import EVERYTHING
from profiles import write_profile
from quadratic_run import QuadraticSettings
from tiny_language_model import write_task, write_tiny_model

from trainable.conformance.checks import Wanted, checked
from trainable.language_model.settings import LanguageModelSettings

SEARCHED = {"rate": (0.1, 0.9), "momentum": (0.0, 0.9)}
DESCRIBED, TRAINS, REPEATS, GOES_ON, SEED, CLOSED, ENDS, ELSEWHERE, TESTED = (
    "data is read", "trains", "same seed", "from each checkpoint", "another seed", "closed", "ends", "another process",
    "test data",
)  # fmt: skip

FAULTS = {
    "ForgetsTheOptimizer": (GOES_ON, "after the checkpoint of epoch 1, epoch 2 has Val/Height"),
    "DrawsFromAGeneratorOfTheProcess": (REPEATS, "a second run of the same seed in one process differs"),
    "SeedsAtItsStartAlone": (GOES_ON, "draw all that is random in an epoch from (seed, epoch)"),
    "SavesByTraining": (REPEATS, "`save` changes the run"),
    "SavesNothing": (TRAINS, "`save` wrote no file"),
    "LinksIntoItsWorkspace": (GOES_ON, "`load` of a whole checkpoint raises FileNotFoundError"),
    "CallsAWholeCheckpointDamaged": (GOES_ON, "`load` of a whole checkpoint: no optimizer"),
    "RemembersInItsModule": (ELSEWHERE, "something that is not in it has stayed in the process"),
    "LeavesAThread": (CLOSED, "thread 'loader'"),
    "LeavesAProcess": (CLOSED, "a run leaves behind: process "),
    "LeavesATemporaryFile": (CLOSED, "walk in the folder for temporary files"),
    "WritesWhereItStands": (CLOSED, "walk.log in the folder where the sweep was started"),
    "WritesIntoTheData": (TRAINS, "`close` raises ValueError: assignment destination is read-only"),
    "StopsTheProgram": (TRAINS, "`close` raises SystemExit: 3"),
    "ReportsOnceWhatItDeclares": (TRAINS, "epoch 2 and epoch 1 differ in the metrics Train/Loss"),
    "ReportsText": (TRAINS, "`step` in epoch 1: the run reported a str as Train/Phase"),
    "IgnoresASetting": (ENDS, "momentum, rate: "),
    "IgnoresItsSeed": (SEED, "another seed gives the same first epoch"),
    "OnWhatIsLoaded": (REPEATS, "train a copy of what `load` and `prepare` gave"),
    "FingerprintOfTheProcess": (ELSEWHERE, "Python's hash() of a text is another in each process"),
    "DataThatCannotTravel": (DESCRIBED, "pickling what `prepare` gave: cannot pickle"),
    "TestsOneThingAndSaysAnother": (TESTED, "`test` gives Val/Height 0.5, and parts that make 0.4"),
}


def test_a_sound_kind_passes() -> None:
    assert_conforms("broken_runs:SOUND", WalkSettings(), searched=SEARCHED)


def test_the_kinds_that_tests_and_users_sweep_pass(tmp_path: Path) -> None:
    write_profile(tmp_path / "profile")
    settings = dataclasses.replace(EVERYTHING, results_dir=str(tmp_path / "profile"))
    assert_conforms("joint_controller", settings, searched={"lr": (1e-3, 1e-2), "recipe": ("default", "original")})
    assert_conforms("quadratic_run:KIND", QuadraticSettings(), searched={"target": (0.0, 1.0)})


def test_grpo_on_a_language_model_passes(tmp_path: Path) -> None:
    settings = LanguageModelSettings(
        task=str(write_task(tmp_path)), model_path=str(write_tiny_model(tmp_path / "model")), steps_per_epoch=1,
        prompts_per_step=3, num_generations=4, lr_scheduler="linear", warmup_steps=1,
    )  # fmt: skip
    assert_conforms("trl_grpo", settings, searched={"num_generations": (2, 4)}, num_epochs=2)


@pytest.mark.parametrize("name", FAULTS)
def test_a_kind_that_breaks_the_protocol_is_told_where_and_what_to_do(name: str) -> None:
    found = first_fault(f"broken_runs:{name}", WalkSettings(), searched=SEARCHED)
    promise, sentence = FAULTS[name]
    assert found
    assert promise in found.promise
    assert sentence in found.fault.sentence
    assert found.fault.is_doubt == (promise in (ENDS, SEED))


def test_every_broken_kind_is_tried() -> None:
    assert FAULTS.keys() == BROKEN.keys()


def test_a_kind_whose_runs_have_a_process_each_may_train_what_it_loads() -> None:
    verdicts = checked(Wanted("broken_runs:IN_A_PROCESS_EACH", WalkSettings(), num_epochs=2))
    (repeated,) = itertools.islice((verdict for verdict in verdicts if REPEATS in verdict.promise), 1)
    assert repeated.fault is None


def test_what_a_kinds_own_code_raises_is_shown_where_it_stands_in_that() -> None:
    found = first_fault("broken_runs:WritesIntoTheData", WalkSettings())
    assert found
    first, *_ = [line for line in found.fault.trace.splitlines() if line.startswith("  File ")]
    assert "broken_runs.py" in first
