"""What the commands of results/ make of a sweep's address: its record is brought here from a real S3 server."""

import json
import os
import shutil
from dataclasses import asdict, replace
from pathlib import Path
from unittest.mock import patch

import pytest
from compare_here import compare_here
from s3_server import S3Server
from strict_wandb_server import strict_wandb_server
from sweep_here import command_here, sweep_here
from sweep_process import QUADRATIC, trial_folders
from syncing import sync_here

from results import report
from results.mirror.contents import DRIVER_FILE
from results.mirror.ownership import Driver
from results.mirror.reading import find_record
from results.record.settings_file import read_settings
from results.record.sweeps import read_sweep, write_sweep_file
from results.storage.fetched import address_of
from results.storage.store import Store, open_store
from results.storage.trees import push_tree


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def copied(sweep: Path, server: S3Server) -> Store:
    """A sweep's folder in a store, as any tool would copy it there."""
    with patch.dict(os.environ, server.environment):
        above = open_store(server.fresh())
        push_tree(above, sweep, "twin")
        return above.below("twin")


@pytest.fixture(scope="module")
def copied_once(quadratic_sweep: tuple[Path, str], s3: S3Server) -> Store:
    return copied(quadratic_sweep[0], s3)


@pytest.fixture
def kept(copied_once: Store, s3_here: S3Server) -> Store:
    """One that tests only read."""
    return copied_once


@pytest.fixture
def small(quadratic_sweep: tuple[Path, str], s3_here: S3Server, tmp_path: Path) -> Store:
    """Its first two trials, to be changed; its best checkpoints are to go to W&B."""
    copy = shutil.copytree(quadratic_sweep[0], tmp_path / "copy")
    write_sweep_file(copy, read_settings(copy / "sweep.yaml") | {"upload_checkpoints": "best"})
    for trial in trial_folders(copy)[2:]:
        shutil.rmtree(trial)
    for local in ("wandb", ".offline_epochs"):
        for path in copy.glob(f"*/{local}"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    return copied(copy, s3_here)


def files_of(folder: Path) -> set[str]:
    return {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file()}


def test_a_record_is_that_of_the_folder_and_its_checkpoints_stay_where_they_are(
    kept: Store, quadratic_sweep: tuple[Path, str]
) -> None:
    here, there = read_sweep(find_record(kept.address)), read_sweep(quadratic_sweep[0])
    assert here.name == "twin"
    assert address_of(here.folder) == kept.address
    for fetched, original in zip(here.trials, there.trials, strict=True):
        assert (fetched.config, fetched.rows) == (original.config, original.rows)
        assert fetched.checkpoint_epochs == original.checkpoint_epochs
        assert fetched.is_open == original.is_open
    unneeded = ("report.html", "optuna.journal", "driver.lock", "events.out", ".wandb", "files.json", "progress.csv")
    assert [name for name in files_of(here.folder) if any(part in name for part in unneeded)] == []
    assert [name for name in files_of(here.folder) if "/checkpoint_" in name and "details.json" not in name] == []


def test_a_name_that_is_not_in_the_storage_is_looked_for_where_sweeps_are_kept_besides(
    kept: Store, tmp_path: Path, quadratic_sweep: tuple[Path, str]
) -> None:
    assert address_of(find_record("twin", tmp_path, kept_besides=kept.above.address)) == kept.address
    assert find_record("twin", quadratic_sweep[0].parent, kept_besides=kept.above.address) == quadratic_sweep[0]


def test_what_has_changed_in_the_store_is_what_is_read_next(small: Store) -> None:
    before = read_sweep(find_record(small.address))
    trial, result = before.trials[0], f"{before.trials[0].folder.name}/result.json"
    first = small.get(result).splitlines(keepends=True)[0]
    small.put(result, first)
    small.delete_tree(before.trials[-1].folder.name)
    newest = f"{trial.folder.name}/checkpoint_{trial.checkpoint_epochs[-1]:06d}"
    small.delete_tree(newest)

    after = read_sweep(find_record(small.address))
    assert len(after.trials[0].rows) == 1
    assert len(after.trials) == len(before.trials) - 1
    assert after.trials[0].checkpoint_epochs == trial.checkpoint_epochs[:-1]


def test_the_comparison_of_an_address_is_that_of_the_folder(kept: Store, quadratic_sweep: tuple[Path, str]) -> None:
    of_folder = compare_here(quadratic_sweep[0], "--format", "csv")
    by_address = compare_here(kept.address, "--format", "csv")
    by_name = compare_here("twin", "--storage_path", kept.address.removesuffix("/twin"), "--format", "csv")
    assert by_address.returncode == 0, by_address.stderr
    assert by_address.stdout == by_name.stdout == of_folder.stdout
    both = compare_here(kept.address, quadratic_sweep[0])
    assert both.returncode == 0, both.stderr


def test_a_report_of_an_address_lies_where_the_user_stands_and_its_commands_name_the_address(
    kept: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written = command_here(report.main, [kept.address])
    assert (written.returncode, written.stdout) == (0, "Report   twin-report.html\n"), written.stderr
    page = (tmp_path / "twin-report.html").read_text(encoding="utf-8")
    assert f"--confirm {kept.address}" in page
    assert str(tmp_path / "cache") not in page


def test_a_new_sweep_learns_from_an_address_and_records_it(kept: Store, tmp_path: Path) -> None:
    storage = tmp_path / "sweeps"
    begun = sweep_here(
        storage, "--name", "next", *QUADRATIC, "--num_samples", 1, "--num_epochs", 1, "--warm_start", kept.address,
        "--wandb_mode", "disabled",
    )  # fmt: skip
    assert begun.returncode == 0, begun.stderr
    assert read_sweep(storage / "next").settings["warm_start"] == [kept.address]
    taken = json.loads((storage / "next" / "warm_start.json").read_text(encoding="utf-8"))
    assert "twin" in json.dumps(taken)


def test_an_address_is_sent_to_wandb_with_its_best_checkpoints_and_its_pages_are_noted_in_the_store(
    small: Store, s3_here: S3Server
) -> None:
    epochs = [json.loads(line)["training_iteration"] for line in small.get("trial_00000/result.json").splitlines()]
    with strict_wandb_server() as server:
        sent = sync_here(small.address, **server.variables)
        assert sent.returncode == 0, sent.stderr
        assert "is a copy of" not in sent.stdout
        first = next(run for run in server.runs.values() if run.config["trial"] == 0)
        assert first.steps == epochs
        for run in server.runs.values():
            (model,) = server.artifacts.committed(run.id)
            assert any(name.endswith("walker.json") for name in model.files)
        assert small.exists("wandb.json")
        (view,) = server.pages.saved_views

        shutil.rmtree(Path(os.environ["XDG_CACHE_HOME"]))  # as on another machine
        again = sync_here(small.address, **server.variables)
        assert again.returncode == 0, again.stderr
        assert server.pages.saved_views == [view]
        assert first.steps == epochs


def test_a_sweep_that_runs_is_not_sent(small: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever drives it gives signs of life in the store, from whichever machine."""
    driver = Driver("abc", "node7", os.getpid(), processes="of another machine")
    beats = iter(range(100))

    def beat(seconds: float = 0.0) -> None:
        small.put(DRIVER_FILE, json.dumps(asdict(replace(driver, beat=next(beats)))).encode())

    beat()
    monkeypatch.setattr("results.mirror.ownership.time.sleep", beat)
    with strict_wandb_server() as server:
        refused = sync_here(small.address, **server.variables)
        assert refused.returncode == 2
        assert f"sweep twin at {small.address}: process {os.getpid()} on node7 is running it" in refused.stderr
        assert server.runs == {}


@pytest.mark.parametrize(
    ("sweep", "said"),
    [
        (
            "s3://{bucket}/nowhere",
            "no sweep at s3://{bucket}/nowhere: it has no sweep.yaml; give the address of a sweep",
        ),
        ("s3://no-such-bucket/twin", "s3://no-such-bucket/twin: there is no such bucket; make it"),
        ("s3://AKIAX:sec/ret@bucket/twin", "sweep s3://...: it holds credentials"),
        ("foo://bucket/twin", "foo://bucket/twin: nothing here opens foo://"),
        ("oss://bucket/twin", "install it with: pip install ossfs"),
    ],
)
def test_an_address_of_no_use_is_one_sentence(sweep: str, said: str, s3_here: S3Server) -> None:
    compared = compare_here(sweep.format(bucket="sweeps"))
    assert compared.returncode == 2
    assert said.format(bucket="sweeps") in compared.stderr
    assert len(compared.stderr.splitlines()) == 1
    assert "ret@" not in compared.stderr
