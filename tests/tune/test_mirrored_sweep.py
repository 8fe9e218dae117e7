"""A sweep that is kept in a real S3 server: the server is lost for a while, then the driver's machine for good."""

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from s3_server import S3Server
from sweep_here import start_joined, sweep_here
from sweep_process import QUADRATIC, curves, epochs_recorded, kill, rows, trial_folders, wait_until

from results.mirror.arrival import sealed_by_trial
from results.storage.errors import Unreachable
from results.storage.store import Store, open_store
from trainable import contract

FLAGS = (*QUADRATIC, "--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1)
"""Those of the `quadratic_sweep`."""
ROWS = "trial_*/result.json"


@dataclass(frozen=True)
class Resumed:
    """The sweep at its end, on another machine than it began on."""

    folder: Path
    store: Store
    said_before: str
    said_after: str


def rows_in(store: Store) -> int:
    """Asked again and again; a server that comes back does not give all at once."""
    time.sleep(0.2)
    try:
        return sum(store.get(key).count(b"\n") for key in store.list() if Path(key).match(ROWS))
    except Unreachable:
        return 0


@pytest.fixture(scope="module")
def resumed(s3: S3Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Resumed]:
    """Its server is killed while it runs, and started again; then its driver is, and what lies on its disk removed."""
    here, elsewhere = tmp_path_factory.mktemp("here"), tmp_path_factory.mktemp("elsewhere")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3.environment.items():
            patch.setenv(name, value)
        address = s3.fresh()
        store, folder = open_store(f"{address}/twin"), here / "twin"
        running = start_joined(here, "--name", "twin", *FLAGS, "--mirror", address, "--epoch_ms", 250, **s3.environment)
        wait_until(lambda: rows_in(store) >= 4, running)
        s3.kill()
        at_kill = epochs_recorded(folder)
        wait_until(lambda: epochs_recorded(folder) >= at_kill + 12, running)  # it does not wait for its store
        s3.start()
        at_start = epochs_recorded(folder)
        wait_until(lambda: rows_in(store) >= at_start, running)
        said_before = kill(running, folder)
        shutil.rmtree(folder)
        finished = sweep_here(elsewhere, "--resume", store.address, **s3.environment)
        assert finished.returncode == 0, finished.stderr + finished.stdout
        yield Resumed(elsewhere / "twin", store, said_before, finished.stdout)


def test_a_sweep_whose_machine_was_lost_goes_on_from_its_store_as_if_nothing_had_happened(
    resumed: Resumed, quadratic_sweep: tuple[Path, str]
) -> None:
    assert curves(resumed.folder) == curves(quadratic_sweep[0])
    assert f"Brings its records from {resumed.store.address}" in resumed.said_after


def test_a_bad_hour_of_the_store_is_told_once(resumed: Resumed) -> None:
    """And once when it is over, if the driver lives long enough for that."""
    began, *over = [
        line for line in resumed.said_before.splitlines() if " store lacks " in line or line.startswith("The store ")
    ]

    assert "its server does not answer" in began
    assert began.endswith("The sweep goes on; what its store lacks is sent as soon as it answers")
    assert [line.startswith("The store answers again, after ") for line in over] in ([], [True])


def test_the_store_holds_at_the_end_what_the_folder_does(resumed: Resumed) -> None:
    for name in ("sweep.yaml", "data.json", "proposed.json", "report.html"):
        assert resumed.store.get(name) == (resumed.folder / name).read_bytes()
    for trial in trial_folders(resumed.folder):
        for name in ("params.json", "proposal.json", "result.json", "progress.csv", "samples.jsonl"):
            assert resumed.store.get(f"{trial.name}/{name}") == (trial / name).read_bytes()
    assert json.loads(resumed.store.get("driver.json"))["ended"]


def test_the_store_keeps_the_best_and_the_last_checkpoints_of_each_trial_as_the_folder_does(resumed: Resumed) -> None:
    """The last but one need not have come when the machine was lost: then one before it is kept."""
    there = sealed_by_trial(resumed.store.list())

    for trial in trial_folders(resumed.folder):
        heights = [row["Val/Height"] for row in rows(trial)]
        kept = there[trial.name]
        assert {1 + heights.index(max(heights)), len(heights)} <= {*kept.sealed}
        assert len(kept.sealed) <= 3
        assert kept.torn == ()
        assert tuple(contract.checkpoints(trial)) == kept.sealed


def test_no_secret_is_kept(resumed: Resumed, s3: S3Server) -> None:
    secret = s3.environment["AWS_SECRET_ACCESS_KEY"]
    files = [file for file in resumed.folder.rglob("*") if file.is_file()]

    assert files
    assert [file for file in files if secret.encode() in file.read_bytes()] == []
    assert secret not in resumed.said_before + resumed.said_after
