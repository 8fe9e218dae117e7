"""The commands that go on from a sweep."""

import shlex
from pathlib import Path

from made_up_sweep import DATA, MadeUpTrial, write_sweep

from results.listing.next_commands import train_command
from results.record.sweeps import read_sweep


def test_a_trial_is_trained_again_with_its_own_values_and_with_what_all_share(tmp_path: Path) -> None:
    """Of one that ran before its learning rate, and its layers, were fixed for those after it."""
    shared = ["python", "train.py", "--batch_size", "8", "--layers", "a", "b", "--lr", "0.001", "--limit", "7.0"]
    own = {"lr": 0.01, "layers": ["c", "d"], "limit": None}
    sweep = write_sweep(tmp_path / "a", [MadeUpTrial(own, [0.5])], data={**DATA, "train_command": shared})

    record = read_sweep(sweep)
    command = train_command(record, record.trials[0])

    assert command is not None
    begun = ["python", "train.py", "--batch_size", "8", "--lr", "0.01", "--layers", "c", "d", "--limit", "None"]
    assert shlex.split(command)[: len(begun)] == begun


def test_a_value_below_zero_is_written_so_that_it_is_taken_for_no_flag(tmp_path: Path) -> None:
    data = {**DATA, "train_command": ["python", "train.py", "--bias=-0.5"]}
    sweep = write_sweep(tmp_path / "a", [MadeUpTrial({"bias": -1e-05}, [0.5])], data=data)

    record = read_sweep(sweep)
    command = train_command(record, record.trials[0])

    assert command is not None
    assert shlex.split(command)[:4] == ["python", "train.py", "--bias=-1e-05", "--num_epochs"]
