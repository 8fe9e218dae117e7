"""A folder and its store, without threads: each look is asked for."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mirrored_folder import OBJECTIVE, checkpoint, store_in, sweep_folder, trial

from results.mirror.arrival import agree, fetch_sweep, sealed_by_trial
from results.mirror.checkpoint_sender import CheckpointSender
from results.mirror.checkpoints import complete, is_placeholder
from results.mirror.patience import Patience
from results.mirror.records import Records
from results.record.trial.log import read_rows
from results.storage.store import Store
from trainable import contract
from trainable.contract import UserError
from trainable.system_errors import DiskError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return sweep_folder(tmp_path / "a")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return store_in(tmp_path)


def records_of(folder: Path, store: Store, may_send: Callable[[], bool] = lambda: True) -> Records:
    return Records(folder, store, Patience(print), OBJECTIVE, keeps_all=False, may_send=may_send)


def sender_of(folder: Path, store: Store, records: Records) -> CheckpointSender:
    return CheckpointSender(folder, store, Patience(print), {}, tell=records.expect)


def epochs_in(store: Store, number: int = 0) -> tuple[int, ...]:
    there = sealed_by_trial(store.list()).get(contract.trial_folder_name(number))
    return (*there.sealed, *there.torn) if there else ()


def train(folder: Path, store: Store, heights: list[float], kept: Callable[[int], list[int]]) -> Path:
    """A trial that ends, followed after each epoch; `kept` are the epochs whose checkpoints lie in its folder then."""
    records = records_of(folder, store)
    sender = sender_of(folder, store, records)
    for epoch in range(1, len(heights) + 1):
        of_trial = trial(folder, 0, heights[:epoch], ended=epoch == len(heights))
        checkpoint(of_trial, epoch)
        for there, path in contract.checkpoints(of_trial).items():
            if there not in kept(epoch):
                shutil.rmtree(path)
        sender.send_all()
        records.follow()
    records.follow()
    return of_trial


def test_the_store_holds_what_the_folder_does_and_forgets_what_was_removed(folder: Path, store: Store) -> None:
    records = records_of(folder, store)
    trial(folder, 0, [0.5])
    (folder / "end.json").write_text("{}", encoding="utf-8")
    (folder / "trial_00000" / "progress.csv").write_text("a\n", encoding="utf-8")

    records.follow()
    assert [*store.list()] == ["end.json", "sweep.yaml", "trial_00000/params.json", "trial_00000/result.json"]

    (folder / "end.json").unlink()
    records.follow(with_views=True)
    of_trial = ("params.json", "progress.csv", "result.json")
    assert [*store.list()] == ["sweep.yaml", *(f"trial_00000/{name}" for name in of_trial)]


def test_a_row_that_is_half_written_stays_here(folder: Path, store: Store) -> None:
    file = trial(folder, 0, [0.5]) / contract.RESULT_FILE
    with file.open("a", encoding="utf-8") as stream:
        stream.write('{"training_iter')

    records_of(folder, store).follow()

    assert json.loads(store.get("trial_00000/result.json"))["height"] == 0.5


def test_a_folder_that_is_gone_does_not_empty_the_store(folder: Path, store: Store) -> None:
    records = records_of(folder, store)
    records.follow()
    shutil.rmtree(folder)

    with pytest.raises(DiskError, match=r"a is gone: what its store holds stays"):
        records.follow()

    assert [*store.list()] == ["sweep.yaml"]


def test_who_no_longer_drives_writes_nothing(folder: Path, store: Store) -> None:
    records_of(folder, store, may_send=lambda: False).follow()

    assert store.list() == {}


def test_the_last_two_and_the_best_stay_in_the_store_as_in_the_folder(folder: Path, store: Store) -> None:
    best = 2

    of_trial = train(folder, store, [0.1, 0.9, 0.3, 0.4, 0.5, 0.6], lambda epoch: [best, epoch - 1, epoch])

    assert epochs_in(store) == (2, 5, 6)
    assert json.loads((of_trial / "in_store.json").read_text(encoding="utf-8")) == {"epochs": [2, 6]}


def test_a_checkpoint_goes_only_after_the_row_of_a_newer_one(folder: Path, store: Store) -> None:
    """Sent before its row, it replaces none: were the driver lost now, its epoch would be run again."""
    records = records_of(folder, store)
    sender = sender_of(folder, store, records)
    of_trial = trial(folder, 0, [0.1, 0.2, 0.3])
    for epoch in (1, 2, 3):
        checkpoint(of_trial, epoch)
    sender.send_all()
    records.follow()
    assert epochs_in(store) == (2, 3)

    checkpoint(of_trial, 4)
    sender.send_all()
    records.follow()
    assert epochs_in(store) == (2, 3, 4)

    trial(folder, 0, [0.1, 0.2, 0.3, 0.4])
    records.follow()
    assert epochs_in(store) == (3, 4)


def test_a_checkpoint_that_is_not_whole_is_not_sent_until_it_is(folder: Path, store: Store) -> None:
    records = records_of(folder, store)
    sender = sender_of(folder, store, records)
    of_trial = trial(folder, 0, [0.1])
    weights = checkpoint(of_trial, 1) / "weights" / "w"
    whole = weights.read_text(encoding="utf-8")
    weights.write_text(whole[:-1], encoding="utf-8")  # as Ray copies it

    sender.send_all()
    assert epochs_in(store) == ()
    assert sender.waiting() == []

    weights.write_text(whole, encoding="utf-8")
    assert [path.name for path in sender.waiting()] == ["checkpoint_000001"]
    sender.send_all()
    assert epochs_in(store) == (1,)


def test_a_new_machine_gets_the_records_and_a_checkpoint_when_it_is_loaded(
    folder: Path, store: Store, tmp_path: Path
) -> None:
    train(folder, store, [0.1, 0.9, 0.3, 0.4], lambda epoch: [2, epoch - 1, epoch])
    there, now = sealed_by_trial(store.list()), tmp_path / "elsewhere" / "a"

    fetch_sweep(store, now, "run")
    agree(store, now, there, OBJECTIVE, print)

    assert read_rows(now / "trial_00000") == read_rows(folder / "trial_00000")
    lying = contract.checkpoints(now / "trial_00000")
    assert [*lying] == [2, 3, 4]
    assert all(map(is_placeholder, lying.values()))
    assert (lying[2] / contract.DETAILS_FILE).exists()
    complete(lying[4], store.below("trial_00000"))
    assert (lying[4] / "weights" / "w").read_text(encoding="utf-8") == "weights of epoch 4"
    assert [path.name for path in now.parent.iterdir()] == ["a"]


def test_what_is_no_sweep_is_refused_and_leaves_nothing(store: Store, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no sweep at local://.*store: it has no sweep.yaml"):
        fetch_sweep(store, tmp_path / "b" / "a", "run")

    assert not (tmp_path / "b").exists()


def test_checkpoints_beyond_the_rows_go_and_a_trial_whose_last_was_lost_runs_on_from_the_one_before(
    folder: Path, store: Store
) -> None:
    train(folder, store, [0.1, 0.2, 0.3], lambda epoch: [epoch - 1, epoch])
    store.delete("trial_00000/in_store.json")
    of_trial = folder / "trial_00000"
    (of_trial / "in_store.json").unlink()
    for path in contract.checkpoints(of_trial).values():
        shutil.rmtree(path)
    store.delete_tree("trial_00000/checkpoint_000003")
    store.put("trial_00000/checkpoint_000004/files.json", b"{}")
    said: list[str] = []

    agreed = agree(store, folder, sealed_by_trial(store.list()), OBJECTIVE, said.append)

    assert [row[contract.EPOCH] for row in read_rows(of_trial)] == [1, 2]
    assert agreed["trial_00000"].there.sealed == (2,) == tuple(contract.checkpoints(of_trial))
    assert epochs_in(store) == (2,)
    assert said == ["trial 0: goes on after epoch 2; what was written later is not whole"]


def test_a_trial_whose_checkpoints_somebody_removed_has_ended_all_the_same(folder: Path, store: Store) -> None:
    of_trial = train(folder, store, [0.1, 0.2, 0.3], lambda epoch: [epoch - 1, epoch])
    for path in contract.checkpoints(of_trial).values():
        shutil.rmtree(path)
    store.delete_tree("trial_00000/checkpoint_000002")
    store.delete_tree("trial_00000/checkpoint_000003")

    agree(store, folder, sealed_by_trial(store.list()), OBJECTIVE, print)

    assert len(read_rows(of_trial)) == 3


def test_what_a_lost_driver_had_not_deleted_yet_goes_when_the_sweep_goes_on(folder: Path, store: Store) -> None:
    of_trial = train(folder, store, [0.1, 0.2, 0.3, 0.4], lambda epoch: [epoch - 1, epoch])
    store.put("trial_00000/checkpoint_000001/weights/w", b"")
    checkpoint(of_trial, 2)
    sender_of(folder, store, records_of(folder, store)).send_all()
    assert epochs_in(store) == (2, 3, 4, 1)

    agreed = agree(store, folder, sealed_by_trial(store.list()), OBJECTIVE, print)
    records = records_of(folder, store)
    assert agreed["trial_00000"].has_remains
    records.expect("trial_00000")
    records.follow()

    assert epochs_in(store) == (3, 4)
    assert not agree(store, folder, sealed_by_trial(store.list()), OBJECTIVE, print)["trial_00000"].has_remains


def test_a_trial_whose_folder_was_removed_leaves_the_store(folder: Path, store: Store) -> None:
    train(folder, store, [0.1, 0.2], lambda epoch: [epoch])
    shutil.rmtree(folder / "trial_00000")

    agree(store, folder, sealed_by_trial(store.list()), OBJECTIVE, print)

    assert [*store.list()] == ["sweep.yaml"]
