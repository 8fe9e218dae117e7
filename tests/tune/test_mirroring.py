"""A sweep that is kept in a store goes from one machine to another and back: here two folders, and no Ray."""

import json
import os
import signal
import time
from dataclasses import asdict
from pathlib import Path

import pytest
from mirrored_folder import OBJECTIVE, sweep_folder, trial

from results.mirror.contents import DRIVER_FILE
from results.mirror.ownership import Driver, runs_here
from results.mirror.patience import Patience
from results.mirror.records import Records
from results.record.trial.log import read_rows
from trainable.contract import SettingError, UserError
from tune.mirroring import KeptElsewhere


class Machine:
    """A folder for sweeps, and what a driver of `a` says there."""

    def __init__(self, sweeps: Path, store: str) -> None:
        self.folder, self.said = sweeps / "a", list[str]()
        self._address = f"{store}/a"

    def kept(self) -> KeptElsewhere:
        return KeptElsewhere(self._address, self.folder, self.said.append)

    def begin(self) -> None:
        self.folder.parent.mkdir()
        sweep_folder(self.folder)
        with self.kept().driven():
            self.train([0.5])

    def go_on(self, heights: list[float]) -> None:
        self.said.clear()
        with self.kept().brought_here():
            self.train(heights)

    def train(self, heights: list[float]) -> None:
        """Record these, and have the store hold them."""
        trial(self.folder, 0, heights)
        store, patience = self.kept().store, Patience(self.said.append)
        Records(self.folder, store, patience, OBJECTIVE, keeps_all=False, may_send=lambda: True).follow()

    @property
    def num_rows(self) -> int:
        return len(read_rows(self.folder / "trial_00000"))


@pytest.fixture
def machines(tmp_path: Path) -> tuple[Machine, Machine]:
    store = f"local://{tmp_path}/store"
    return Machine(tmp_path / "first", store), Machine(tmp_path / "second", store)


def test_a_sweep_goes_on_elsewhere_and_where_it_was_its_folder_is_put_aside(machines: tuple[Machine, Machine]) -> None:
    first, second = machines
    first.begin()
    first.go_on([0.5, 0.6])
    assert first.said == []  # nobody else has driven it

    second.go_on([0.5, 0.6, 0.7])
    assert second.said == [f"Brings its records from {second.kept().store.address} to {second.folder}"]

    first.go_on([0.5, 0.6, 0.7, 0.8])
    elsewhere, brings = first.said
    assert elsewhere.startswith(f"Sweep a has gone on elsewhere since (process {os.getpid()} on ")
    assert brings.startswith("Brings its records from ")
    assert first.num_rows == 4
    aside = next(folder for folder in first.folder.parent.iterdir() if folder != first.folder)
    assert len(read_rows(aside / "trial_00000")) == 2


def test_a_driver_that_was_killed_as_it_began_has_not_been_replaced(machines: tuple[Machine, Machine]) -> None:
    first, _ = machines
    first.begin()
    before = runs_here(first.folder)
    with pytest.raises(ZeroDivisionError), first.kept().driven():
        raise ZeroDivisionError
    assert len(runs_here(first.folder)) == len(before) + 1  # it wrote its name into the store, and did no more

    first.go_on([0.5, 0.6])

    assert first.said == []
    assert len(runs_here(first.folder)) == 1


def test_another_sweep_of_that_name_is_not_written_over(machines: tuple[Machine, Machine]) -> None:
    first, second = machines
    first.begin()
    (first.folder / "sweep.yaml").write_text("identity: mine\n", encoding="utf-8")
    first.train([0.5])
    second.folder.parent.mkdir()
    (sweep_folder(second.folder) / "sweep.yaml").write_text("identity: yours\n", encoding="utf-8")

    with pytest.raises(UserError, match=r"second/a holds another sweep than local://.*store/a; give --storage_path"):
        second.go_on([0.1])
    with pytest.raises(SettingError, match=r" a: there is such a sweep at local://.* already; take another name"):
        second.kept().require_new()


def test_a_driver_that_was_replaced_ends_as_on_a_signal(
    machines: tuple[Machine, Machine], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr("tune.mirroring.os.kill", lambda process, number: sent.append((process, number)))
    monkeypatch.setattr("results.mirror.ownership.SECONDS_BETWEEN_BEATS", 0.01)
    first, _ = machines
    first.begin()
    other = Driver("run", "node7", 12)

    with first.kept().driven():
        deadline = time.monotonic() + 30
        while not sent and time.monotonic() < deadline:
            first.kept().store.put(DRIVER_FILE, json.dumps(asdict(other)).encode())
            time.sleep(0.05)

    assert sent == [(os.getpid(), signal.SIGTERM)]
    assert first.said == [
        "Sweep a was taken over by process 12 on node7 while its store could not be reached from here"
    ]
    assert json.loads(first.kept().store.get(DRIVER_FILE)) == asdict(other)
