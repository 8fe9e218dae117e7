"""A process without torch has a store made ready by another one."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from shipped_store import Measured, settings

from trainable.contract import PROJECT, UserError
from trainable.measuring.preparing import prepare_in_child


def test_the_driver_does_without_torch() -> None:
    program = (
        "import sys, trainable.measuring.preparing, trainable.measuring.store; print({'torch', 'PIL'} & {*sys.modules})"
    )
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8").stdout == "set()\n"


def test_another_process_prepares_the_store(
    measured: Measured, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))  # where its lock is
    folder = shutil.copytree(measured.at_the_kill, tmp_path / "store")
    store = prepare_in_child(settings(folder))
    assert store.contents.reference
    assert not store.missing(
        [(sample, index) for sample in store.contents.reference for index in store.contents.configurations]
    )
    out, err = capfd.readouterr()
    assert out == ""
    assert "features: language" in err


def test_its_refusal_is_this_ones(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=rf"^--dataset {tmp_path}: there is no metadata\.jsonl in it"):
        prepare_in_child(settings(tmp_path / "store", dataset=str(tmp_path)))


def test_it_ends_with_who_waits_for_it(tmp_path: Path) -> None:
    program = (
        "import sys; from trainable.measuring.preparing import prepare_in_child; "
        "from shipped_store import settings; from pathlib import Path; prepare_in_child(settings(Path(sys.argv[1])))"
    )
    paths = os.pathsep.join((str(PROJECT), str(PROJECT / "tests" / "support")))
    waiting = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "store")],
        env=os.environ | {"PYTHONPATH": paths},
        stderr=subprocess.DEVNULL,
    )
    children = Path(f"/proc/{waiting.pid}/task/{waiting.pid}/children")
    deadline = time.monotonic() + 60
    while not (pids := children.read_text(encoding="utf-8").split()):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    child = Path("/proc", pids[0])
    while "libtorch" not in (child / "maps").read_text(encoding="utf-8"):  # it is about to load the model then
        assert time.monotonic() < deadline
        time.sleep(0.01)
    waiting.kill()
    waiting.wait()
    while child.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert not (tmp_path / "store" / "store.json").exists()
