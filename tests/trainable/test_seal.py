import os
from collections.abc import Callable
from pathlib import Path

import pytest

from trainable.contract import SEAL_FILE
from trainable.runs import DamagedCheckpoint
from trainable.runs.seal import require_whole, seal


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    for name in ("run.pt", "model/weights.safetensors", "model/deep/config.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode() * 50)
    seal(tmp_path)
    return tmp_path


def alter(file: Path) -> None:
    """As a disk does that has lost a block: the same size, and other content."""
    with file.open("r+b") as content:
        content.seek(file.stat().st_size // 2)
        content.write(b"\0")


TEARS: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "emptied": lambda file: os.truncate(file, 0),
    "cut": lambda file: os.truncate(file, file.stat().st_size // 2),
    "altered": alter,
}


def test_a_checkpoint_is_whole_wherever_it_lies_and_whatever_is_put_beside(checkpoint: Path, tmp_path: Path) -> None:
    (checkpoint / "notes.txt").touch()
    require_whole(checkpoint.rename(tmp_path.with_name("moved")))


@pytest.mark.parametrize("tear", TEARS)
def test_a_checkpoint_with_any_file_torn_is_damaged_and_the_file_is_named(tear: str, checkpoint: Path) -> None:
    for file in [file for file in checkpoint.rglob("*") if file.is_file()]:
        whole = file.read_bytes()
        TEARS[tear](file)
        with pytest.raises(DamagedCheckpoint, match=file.name):
            require_whole(checkpoint)
        file.write_bytes(whole)
    require_whole(checkpoint)


def test_a_checkpoint_of_an_earlier_version_has_no_seal_and_is_left_to_its_run(checkpoint: Path) -> None:
    (checkpoint / SEAL_FILE).unlink()
    require_whole(checkpoint, is_sealed=False)
