"""A run's checkpoints: going on from one to the bit, the best policy in each, and damaged ones."""

import dataclasses
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from grpo_runs import EVERYTHING, QUICK, checkpoint, epochs, leaves, run_of, timeless

from trainable import contract
from trainable.contract import UserError
from trainable.grpo.checkpoint import load_checkpoint, read_controller
from trainable.grpo.environment import ReplayEnvironment
from trainable.grpo.run import CHECKPOINT_FILE, ControllerData, initial_policy
from trainable.grpo.validation import ValidationSet, validate
from trainable.runs import DamagedCheckpoint

CPU = torch.device("cpu")


@pytest.mark.parametrize("stopped_after", [1, 2, 4])
@pytest.mark.parametrize("settings", [QUICK, EVERYTHING], ids=["plain", "everything"])
def test_a_restored_run_is_to_the_bit_the_one_that_never_stopped(small, tmp_path, settings, stopped_after):
    never_stopped = run_of(small, settings)
    whole = epochs(never_stopped, 6)

    stopped = run_of(small, settings)
    before = epochs(stopped, stopped_after)
    stopped.save(tmp_path)
    stopped.close()
    restored = run_of(small, settings)
    restored.load(tmp_path)
    after = epochs(restored, 6 - stopped_after)

    assert before + after == whole
    ends = [dict(leaves(checkpoint(run, tmp_path / str(i)))) for i, run in enumerate((never_stopped, restored))]
    assert ends[0] == ends[1]
    assert never_stopped.details() == restored.details()


def test_a_run_restored_in_another_process_is_the_same_too(small, tmp_path):
    run = run_of(small, EVERYTHING)
    epochs(run, 2)
    run.save(tmp_path)
    code = f"""
import torch; torch.set_num_threads(1)
from pathlib import Path
from trainable.grpo.run import GRPORun
from trainable.grpo.settings import GRPOSettings
from trainable.grpo.joint_controller import KIND
data = KIND.prepare(GRPOSettings(results_dir={str(small.profile.results_dir)!r}))
run = GRPORun({EVERYTHING!r}, data, 0, "cpu")
run.load(Path({str(tmp_path)!r}))
print({{name: value for name, value in run.step().items() if not name.startswith("Perf/")}})
"""
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    assert other.stdout.strip() == str(timeless(run.step()))


def test_a_checkpoint_loads_without_trusting_it_and_names_its_settings(small, tmp_path):
    run = run_of(small, EVERYTHING, seed=5)
    epochs(run, 2)
    content = checkpoint(run, tmp_path)
    assert (content["epoch"], content["seed"]) == (2, 5)
    assert content["settings"]["lr"] == EVERYTHING.lr
    assert content["settings"]["recipe"] == "default"


def in_budget(data: ControllerData, policy: dict[str, Any]) -> float:
    """The score of a policy from a checkpoint, by validating it anew."""
    fresh = initial_policy(QUICK, data, seed=0)
    fresh.load_state_dict(policy)
    environment = ReplayEnvironment(data.profile, data.features, CPU)
    found = validate(fresh, environment, ValidationSet.of_profile(data.profile, CPU), lambda accuracy, *_: accuracy)
    return found.metrics[contract.VAL_IN_BUDGET_ACCURACY]


@pytest.mark.parametrize("seed", [0, 1])
def test_every_checkpoint_holds_the_policy_of_its_own_epoch_with_its_score(small, tmp_path, seed):
    run = run_of(small, seed=seed)
    for epoch in range(1, 5):
        score = run.step()[contract.VAL_IN_BUDGET_ACCURACY]
        content = checkpoint(run, tmp_path / str(epoch))
        assert (content["epoch"], content["score"]) == (epoch, score)
        assert in_budget(small, content["policy"]) == score


def test_of_a_folder_the_best_checkpoint_is_read_also_where_one_of_an_earlier_version_holds_it(small, tmp_path):
    run = run_of(small)
    contents = []
    for epoch in range(1, 4):
        run.step()
        contents.append(checkpoint(run, tmp_path / contract.checkpoint_folder_name(epoch)))
    best = max(contents, key=lambda content: content["score"])
    assert read_controller(tmp_path).epoch == best["epoch"]

    earlier = {name: value for name, value in contents[2].items() if name != "score"}
    earlier["best"] = {"score": best["score"] + 1, "epoch": 2, "policy": contents[1]["policy"]}
    torch.save(earlier, tmp_path / contract.checkpoint_folder_name(3) / CHECKPOINT_FILE)
    read = read_controller(tmp_path)
    assert (read.epoch, read.score) == (2, best["score"] + 1)
    assert dict(leaves(read.policy.state_dict())) == dict(leaves(contents[1]["policy"]))


@pytest.fixture(scope="module")
def whole(small, tmp_path_factory) -> bytes:
    """A checkpoint as its file holds it."""
    folder = tmp_path_factory.mktemp("whole")
    run = run_of(small)
    run.step()
    run.save(folder)
    return (folder / CHECKPOINT_FILE).read_bytes()


def test_a_checkpoint_cut_at_any_length_is_damaged(whole, tmp_path):
    file = tmp_path / CHECKPOINT_FILE
    for length in [*range(40), *range(40, len(whole), len(whole) // 50), *range(len(whole) - 40, len(whole))]:
        file.write_bytes(whole[:length])
        with pytest.raises(DamagedCheckpoint, match=CHECKPOINT_FILE):
            load_checkpoint(file)


def test_a_checkpoint_that_ends_in_zeros_is_damaged(whole, tmp_path):
    """As a file system leaves it after a power cut that came between the length and the bytes."""
    file = tmp_path / CHECKPOINT_FILE
    for length in range(0, len(whole) - 100, len(whole) // 50):
        file.write_bytes(whole[:length] + bytes(len(whole) - length))
        with pytest.raises(DamagedCheckpoint, match=CHECKPOINT_FILE):
            load_checkpoint(file)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_altered_bytes_are_damage_or_go_unnoticed_but_raise_nothing_else(whole, tmp_path):
    file = tmp_path / CHECKPOINT_FILE
    random = np.random.default_rng(0)
    damaged = 0
    for _ in range(300):
        altered = bytearray(whole)
        altered[random.integers(len(whole))] ^= random.integers(1, 256)
        file.write_bytes(altered)
        try:
            load_checkpoint(file)
        except DamagedCheckpoint:
            damaged += 1
    assert damaged > 0


@pytest.mark.parametrize("foreign", [{"weight": torch.zeros(2)}, torch.zeros(2), [1, 2], "text"], ids=str)
def test_what_another_program_saved_is_no_checkpoint(foreign, tmp_path):
    file = tmp_path / CHECKPOINT_FILE
    torch.save(foreign, file)
    with pytest.raises(DamagedCheckpoint, match="it has no controller, epoch, policy, settings"):
        load_checkpoint(file)
    with pytest.raises(UserError, match="not a whole checkpoint of a joint controller"):
        read_controller(file)


def test_what_goes_wrong_with_a_whole_checkpoint_is_not_called_damage(small, whole, tmp_path):
    """An older checkpoint would be no better: the run says what is the matter."""
    (tmp_path / CHECKPOINT_FILE).write_bytes(whole)
    with pytest.raises(RuntimeError, match="size mismatch"):
        run_of(small, dataclasses.replace(QUICK, hidden_size=16)).load(tmp_path)
    content = torch.load(tmp_path / CHECKPOINT_FILE, weights_only=True)
    content["settings"]["hidden_size"] = 16
    torch.save(content, tmp_path / CHECKPOINT_FILE)
    with pytest.raises(RuntimeError, match="size mismatch"):
        read_controller(tmp_path)


def test_a_checkpoint_folder_without_its_file_is_damaged(small, tmp_path):
    with pytest.raises(DamagedCheckpoint, match=CHECKPOINT_FILE):
        run_of(small).load(tmp_path)


def test_a_run_that_met_a_damaged_checkpoint_still_starts_from_the_beginning(small, tmp_path):
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"torn")
    run = run_of(small)
    with pytest.raises(DamagedCheckpoint):
        run.load(tmp_path)
    assert epochs(run, 2) == epochs(run_of(small), 2)
