"""A run's checkpoints: going on from one to the bit, the best policy in each, and damaged ones."""

import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest
import torch
from grpo_runs import EVERYTHING, QUICK, checkpoint, epochs, leaves, run_of, timeless

from trainable import contract
from trainable.grpo.environment import ReplayEnvironment
from trainable.grpo.recipes import RECIPES
from trainable.grpo.run import CHECKPOINT_FILE, ControllerData, GRPORun
from trainable.grpo.validation import validate
from trainable.profiles.image_split import VALIDATION
from trainable.runs import DamagedCheckpoint
from trainable.score_parts import BestPolicy

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
    best = [(tmp_path / str(i) / contract.BEST_POLICY_FILE).read_text() for i in range(2)]
    assert best[0] == best[1]


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
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str(timeless(run.step()))


def test_a_checkpoint_loads_without_trusting_it_and_names_its_settings(small, tmp_path):
    run = run_of(small, EVERYTHING, seed=5)
    epochs(run, 2)
    content = checkpoint(run, tmp_path)
    assert (content["epoch"], content["seed"]) == (2, 5)
    assert content["settings"]["lr"] == EVERYTHING.lr
    assert content["settings"]["recipe"] == "default"


def in_budget(data: ControllerData, run: GRPORun, policy: dict[str, Any]) -> float:
    """The score of a policy from a checkpoint, by validating it anew."""
    environment = ReplayEnvironment(data.profile, data.features, CPU)
    fresh = run._initial_policy(data)
    fresh.load_state_dict(policy)
    samples = torch.tensor(data.profile.samples(VALIDATION))
    budgets_ms, complexity = torch.tensor(data.profile.budget_grid_ms), torch.tensor(data.profile.grid.complexity)
    return validate(fresh, environment, samples, budgets_ms, RECIPES["default"], complexity, 1.0).metrics[
        contract.VAL_IN_BUDGET_ACCURACY
    ]


@pytest.mark.parametrize("seed", [0, 1])
def test_every_checkpoint_carries_the_best_policy_so_far_and_its_epoch(small, tmp_path, seed):
    run = run_of(small, seed=seed)
    scores, policies = [], []
    for epoch in range(1, 11):
        scores.append(run.step()[contract.VAL_IN_BUDGET_ACCURACY])
        content = checkpoint(run, tmp_path / str(epoch))
        policies.append(dict(leaves(content["policy"])))
        best = content["best"]
        assert best["epoch"] == scores.index(max(scores)) + 1  # the first of equals
        assert best["score"] == max(scores)
        assert dict(leaves(best["policy"])) == policies[best["epoch"] - 1]
        assert in_budget(small, run, best["policy"]) == best["score"]
        described = BestPolicy.read(tmp_path / str(epoch))
        assert described.epoch == best["epoch"]
        assert sum(described.parts.sums) / sum(described.parts.counts) == pytest.approx(best["score"])
    assert any(later <= earlier for earlier, later in pairwise(scores))  # else no epoch was passed over


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_checkpoint_is_damaged(small, tmp_path, share):
    run = run_of(small)
    run.step()
    run.save(tmp_path)
    file = tmp_path / CHECKPOINT_FILE
    raw = file.read_bytes()
    file.write_bytes(raw[: int(share * len(raw))])
    with pytest.raises(DamagedCheckpoint, match=CHECKPOINT_FILE):
        run_of(small).load(tmp_path)


@pytest.mark.parametrize("file", [CHECKPOINT_FILE, contract.BEST_POLICY_FILE])
def test_a_checkpoint_folder_without_one_of_its_files_is_damaged(small, tmp_path, file):
    run = run_of(small)
    run.step()
    run.save(tmp_path)
    (tmp_path / file).unlink()
    with pytest.raises(DamagedCheckpoint, match=file):
        run_of(small).load(tmp_path)


def test_a_run_that_met_a_damaged_checkpoint_still_starts_from_the_beginning(small, tmp_path):
    (tmp_path / CHECKPOINT_FILE).write_bytes(b"torn")
    run = run_of(small)
    with pytest.raises(DamagedCheckpoint):
        run.load(tmp_path)
    assert epochs(run, 2) == epochs(run_of(small), 2)
