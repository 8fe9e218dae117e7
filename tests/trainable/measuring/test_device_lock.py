"""A device is one process's at a time."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from trainable.contract import UserError
from trainable.measuring.device_lock import device_lock, file_lock


def test_a_device_is_had_alone_and_let_go_by_a_kill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trainable.measuring.device_lock.LOCKS", tmp_path)
    holding = (
        "import sys; from trainable.measuring.device_lock import device_lock\n"
        "with device_lock('cpu'): print('held', flush=True); sys.stdin.read()\n"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", holding],
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == b"held\n"
    had, waited = threading.Event(), threading.Event()

    def take() -> None:
        with device_lock("cpu", on_wait=waited.set):
            had.set()

    waiting = threading.Thread(target=take)
    waiting.start()
    assert waited.wait(60)
    assert not had.wait(0.2)
    holder.kill()
    assert had.wait(60)
    waiting.join()
    holder.wait()


def test_nobody_is_told_to_wait_where_nobody_has_it(tmp_path: Path) -> None:
    waited = threading.Event()
    with file_lock(tmp_path / "a.lock", on_wait=waited.set):
        pass
    assert not waited.is_set()


def test_a_link_in_a_folder_of_everybodys_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.lock").symlink_to(tmp_path / "precious")
    with pytest.raises(UserError, match="cannot be written"), file_lock(tmp_path / "a.lock"):
        pass
    assert not (tmp_path / "precious").exists()
