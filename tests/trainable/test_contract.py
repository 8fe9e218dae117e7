from trainable import contract


def test_a_metric_is_known_by_its_prefix():
    assert all(map(contract.is_metric, ("Train/Loss", "Val/In_Budget_Accuracy", "Perf/Samples_Per_Second")))
    assert not any(map(contract.is_metric, ("training_iteration", "time_total_s", "config/lr", "Training/Loss")))


def test_a_trials_folder_says_its_number():
    assert contract.trial_folder_name(3) == "trial_00003"
    for number in (0, 3, 99_999, 1_234_567):
        assert contract.trial_number(contract.trial_folder_name(number)) == number


def test_a_checkpoints_folder_says_its_epoch():
    assert contract.checkpoint_folder_name(12) == "checkpoint_000012"
    for epoch in (1, 12, 1_234_567):
        assert contract.checkpoint_epoch(contract.checkpoint_folder_name(epoch)) == epoch


def test_other_folders_are_neither():
    for name in ("trial_3", "trial_00003.old", "xtrial_00003", "checkpoint_000012.tmp", "checkpoint_12", "wandb", ""):
        assert contract.trial_number(name) is None
        assert contract.checkpoint_epoch(name) is None
