"""At most one process drives a sweep that is kept in a store."""

import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from mirrored_folder import store_in

from results.mirror.contents import DRIVER_FILE
from results.mirror.ownership import Driver, Ownership, note_runs_here, runs_here
from results.mirror.patience import Patience
from results.storage.errors import Unreachable
from results.storage.store import Store
from trainable.contract import UserError

ELSEWHERE = Driver("abc", "node7", os.getpid(), processes="of another machine")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path)


def write(store: Store, driver: Driver) -> None:
    store.put(DRIVER_FILE, json.dumps(asdict(driver)).encode())


def driver_in(store: Store) -> Driver:
    return Driver(**json.loads(store.get(DRIVER_FILE)))


def test_a_second_driver_is_refused_while_the_first_gives_signs_of_life(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(store, ELSEWHERE)
    beats = iter(range(1, 100))
    monkeypatch.setattr(
        "results.mirror.ownership.time.sleep", lambda s: write(store, replace(ELSEWHERE, beat=next(beats)))
    )
    said: list[str] = []

    with pytest.raises(UserError, match=r"sweep a at local://.*: process \d+ on node7 is running it; wait for it"):
        Ownership(store, "a").take(said.append, seconds=5.0)

    assert said == [f"Sweep a was driven by {ELSEWHERE}; waits 5 s to see whether that is still alive"]


def test_one_that_is_silent_is_taken_for_dead_and_finds_out_when_it_is_not(store: Store) -> None:
    first, second = Ownership(store, "a"), Ownership(store, "a")
    first.take(print)
    write(store, replace(driver_in(store), processes="of another machine"))

    second.take(print, seconds=0.1)
    first.look()
    second.look()

    assert first.taken_by
    assert first.taken_by.run == second.run
    assert second.taken_by is None
    first.end()
    assert driver_in(store).run == second.run  # it has not written over it


def test_one_that_has_ended_or_whose_process_was_here_and_is_gone_is_not_waited_for(store: Store) -> None:
    first = Ownership(store, "a")
    first.take(print)
    gone = replace(driver_in(store), process=2**22 + 1)  # beyond the most that Linux gives

    for left in (gone, replace(ELSEWHERE, ended=True)):
        write(store, left)
        said: list[str] = []
        later = Ownership(store, "a")
        later.take(said.append, seconds=60.0)
        assert (said, later.before) == ([], left)
    later.end()
    assert driver_in(store).ended


def test_the_runs_that_drove_from_a_folder_are_remembered(tmp_path: Path) -> None:
    assert runs_here(tmp_path) == []

    note_runs_here(tmp_path, "one", "two")

    assert runs_here(tmp_path) == ["one", "two"]


def test_a_bad_hour_is_told_when_it_begins_and_when_it_is_over() -> None:
    said: list[str] = []
    clock = [100.0]
    patience = Patience(said.append, now=lambda: clock[0])

    waits = []
    for clock[0] in (100.0, 101.0, 108.0, 140.0, 3700.0):
        patience.refused(Unreachable("s3://b/a: its server does not answer"))
        waits.append(patience.wait_s)
    clock[0] = 3701.0
    patience.answered()  # it may refuse again: nothing is said yet
    clock[0] = 3717.0
    patience.answered()
    patience.answered()

    assert waits == [1, 1, 2, 10, 30]
    assert patience.wait_s == 0
    assert said == [
        "s3://b/a: its server does not answer. The sweep goes on; what its store lacks is sent as soon as it answers",
        "The store answers again, after 3617 s; what it lacks is being sent",
    ]
