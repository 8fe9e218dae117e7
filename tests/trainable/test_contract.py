from pathlib import Path

from trainable import contract


def test_a_column_that_is_none_of_the_others_is_a_metric():
    assert all(map(contract.is_metric, ("Train/Loss", "Training/Loss", "reward", "eval_accuracy@1", "epoch")))
    assert not any(map(contract.is_metric, ("training_iteration", "time_total_s", "config/lr", "arrival", "pid")))


def test_a_trials_folder_says_its_number():
    assert contract.trial_folder_name(3) == "trial_00003"
    for number in (0, 3, 99_999, 1_234_567):
        assert contract.trial_number(contract.trial_folder_name(number)) == number


def test_a_checkpoints_folder_says_its_epoch(tmp_path: Path):
    assert contract.checkpoint_folder_name(12) == "checkpoint_000012"
    for epoch in (1_234_567, 1, 12):
        (tmp_path / contract.checkpoint_folder_name(epoch)).mkdir()
    assert list(contract.checkpoints(tmp_path)) == [1, 12, 1_234_567]


def test_other_folders_are_neither(tmp_path: Path):
    for name in ("trial_3", "trial_00003.old", "xtrial_00003", "checkpoint_000012.tmp", "checkpoint_12", "wandb"):
        (tmp_path / name).mkdir()
        assert contract.trial_number(name) is None
    assert contract.checkpoints(tmp_path) == {}
    assert contract.checkpoints(tmp_path / "absent") == {}
