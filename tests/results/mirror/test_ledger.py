"""What a folder holds that its mirror does not."""

import os
from pathlib import Path

import pytest
from mirrored_folder import sweep_folder, trial

from results.mirror.contents import Turn, turn_of
from results.mirror.ledger import SKEW_NS, Ledger
from results.storage.store import Entry

RECORD = ["sweep.yaml", "trial_00000/params.json", "trial_00000/result.json"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = sweep_folder(tmp_path / "a")
    trial(folder, 0, [0.5])
    return folder


def send_all(ledger: Ledger) -> list[str]:
    sent = sorted(ledger.pending)
    for key, stamp in list(ledger.pending.items()):
        ledger.note_sent(key, stamp)
    return sent


def test_a_row_never_goes_before_what_it_follows_from() -> None:
    turns = [
        turn_of(key)
        for key in (
            "proposed.json", "sweep.yaml", "trial_00003/params.json", "trial_00003/samples.jsonl",
            "trial_00003/result.json", "trial_00003/failure.json", "trial_00003/events.out.tfevents.1",
        )
    ]  # fmt: skip

    assert turns == sorted(Turn)
    assert turn_of("trial_00003/promotions.json") == turn_of("trial_00003/proposal.json") == Turn.TRIAL
    assert turn_of("end.json") == Turn.ENDS


def test_what_is_of_this_machine_or_made_anew_stays_out() -> None:
    kept = [
        "driver.lock", "driver.json", ".mirror_run", "optuna.journal", "tuner.pkl", "experiment_state-1.json",
        "trial_00003/.tensorboard_epochs", "trial_00003/wandb/run-1.wandb", "trial_00003/workspace/big",
        "trial_00003/checkpoint_000001/w", "notes/mine.json",
    ]  # fmt: skip

    assert [key for key in kept if turn_of(key) is not None] == []


def test_only_what_changed_is_to_be_sent(folder: Path) -> None:
    ledger = Ledger(folder)
    ledger.look()
    assert send_all(ledger) == RECORD

    trial(folder, 0, [0.5, 0.6])
    ledger.look()

    assert send_all(ledger) == ["trial_00000/result.json"]
    ledger.look(everywhere=True)
    assert not ledger.pending


def test_a_trial_that_stands_still_is_not_looked_into(folder: Path) -> None:
    """Its views may grow without a row: they go when all is looked at."""
    (folder / "trial_00000" / "progress.csv").write_text("a\n", encoding="utf-8")
    ledger = Ledger(folder)
    ledger.look()
    send_all(ledger)
    with (folder / "trial_00000" / "progress.csv").open("a", encoding="utf-8") as stream:
        stream.write("b\n")

    ledger.look()
    assert not ledger.pending
    ledger.look(everywhere=True)
    assert [*ledger.pending] == ["trial_00000/progress.csv"]


def test_what_changes_while_it_is_sent_is_sent_again(folder: Path) -> None:
    ledger = Ledger(folder)
    ledger.look()
    before = ledger.pending["trial_00000/result.json"]
    trial(folder, 0, [0.5, 0.6])
    ledger.note_sent("trial_00000/result.json", before)

    ledger.look()

    assert "trial_00000/result.json" in ledger.pending


def test_what_was_removed_is_to_be_deleted_and_a_trial_whole(folder: Path) -> None:
    (folder / "end.json").write_text("{}", encoding="utf-8")
    ledger = Ledger(folder)
    ledger.look()
    send_all(ledger)
    (folder / "end.json").unlink()
    for file in (folder / "trial_00000").iterdir():
        file.unlink()
    (folder / "trial_00000").rmdir()

    ledger.look()

    assert ledger.gone == {"end.json", "trial_00000/params.json", "trial_00000/result.json"}
    for key in list(ledger.gone):
        ledger.note_deleted(key)
    ledger.look()
    assert not ledger.gone


def test_a_start_sends_what_the_store_lacks_or_may_hold_otherwise(folder: Path) -> None:
    """An object of a file's size stands for it if it was fetched from there, or is older by more than clocks differ."""
    for number in (1, 2, 3):
        trial(folder, number, [0.5])
    entries = {}
    for key, later_ns in {"trial_00001": 0, "trial_00002": SKEW_NS + 10**9, "trial_00003": 10**9}.items():
        status = os.stat(folder / key / "result.json")
        entries[f"{key}/result.json"] = Entry(status.st_size, status.st_mtime_ns + later_ns)
    entries["end.json"] = entries["wandb.json"] = Entry(2, 1)
    ledger = Ledger(folder)

    ledger.begin(entries)
    ledger.look()

    assert {key for key in ledger.pending if key.endswith("result.json")} == {
        "trial_00000/result.json",
        "trial_00003/result.json",
    }
    assert ledger.gone == {"end.json"}
