"""A cell of a store has one value, whoever measured it and whatever befalls who writes."""

import json
import multiprocessing
import os
import subprocess
import sys
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import pytest
from refusing_disk import needs_refusing_disk, refusing
from stores import GRID, IMAGES, contents, full_store, record

from trainable.contract import UserError
from trainable.measuring.store import MeasuredStore
from trainable.profiles.image_split import TRAIN, VALIDATION
from trainable.profiles.knobs import KnobGrid
from trainable.profiles.table import load_profile

ROOT = Path(__file__).resolve().parents[3]


def test_a_full_store_is_a_profile(tmp_path: Path) -> None:
    store = full_store(tmp_path / "new" / "store")
    assert store.is_complete()
    profile = load_profile(store.folder)
    accuracy, latency_ms = store.cells()
    assert profile.grid == GRID
    assert set(profile.keys) == set(store.contents.keys)
    rows = [store.contents.keys.index(key) for key in profile.keys]
    assert np.array_equal(profile.accuracy, accuracy[rows])
    assert np.array_equal(profile.latency_ms, latency_ms[rows])


def test_a_packed_store_is_the_same_profile_and_the_same_store(tmp_path: Path) -> None:
    store = full_store(tmp_path)
    before = load_profile(tmp_path)
    store.pack()
    assert {file.suffix for file in store.dataset_folder.iterdir()} == {".gz"}
    assert load_profile(tmp_path).fingerprint == before.fingerprint
    assert MeasuredStore.open(tmp_path).is_complete()
    assert store.is_complete()


def test_a_file_says_what_its_configuration_is(tmp_path: Path) -> None:
    store = full_store(tmp_path)
    file = store.dataset_folder / "toy-vqa_imgsizetier-high_crops4_topk1_blocks4.json"
    header = {name: value for name, value in json.loads(file.read_bytes()).items() if name != "per_sample_results"}
    assert header == {
        "tier": "high", "top_k": 1, "num_active_blocks": 4, "num_total_blocks": 8, "active_block_indices": [0, 2, 4, 6],
        "num_runs_per_sample": 1,
    }  # fmt: skip


def test_a_knob_that_the_model_has_not_is_null(tmp_path: Path) -> None:
    store = MeasuredStore.create(tmp_path, contents(KnobGrid(("tier", "num_active_blocks"), (("low",), (4, 8)))))
    store.append(0, [record(0)])
    file = store.dataset_folder / "toy-vqa_imgsizetier-low_crops1_topk0_blocks4.json"
    assert json.loads(file.read_bytes())["top_k"] is None


def test_what_a_store_is_of_is_known_without_its_model(tmp_path: Path) -> None:
    made = MeasuredStore.create(tmp_path, contents(configurations=(0, 7))).contents
    read = MeasuredStore.open(tmp_path).contents
    assert read.identity.fingerprint == made.identity.fingerprint
    assert (read.keys, read.questions, read.grid, read.reference) == (made.keys, made.questions, GRID, (0, 1))
    assert np.flatnonzero(read.allowed).tolist() == [0, 7]
    assert read.configuration(7) == {"tier": "high", "top_k": 4, "num_active_blocks": 8}


def test_a_store_is_complete_when_each_configuration_of_its_own_is_measured(tmp_path: Path) -> None:
    store = MeasuredStore.create(tmp_path, contents(configurations=(0, 7)))
    assert store.num_missing() == 2 * len(IMAGES)
    for configuration in (0, 7):
        store.append(configuration, [record(sample) for sample in range(4)])
    assert store.is_complete(TRAIN)
    assert not store.is_complete(VALIDATION)
    assert store.num_missing() == 2 * 4


def test_a_cell_keeps_its_first_value_for_all(tmp_path: Path) -> None:
    first = MeasuredStore.create(tmp_path, contents())
    second = MeasuredStore.open(tmp_path)
    first.append(3, [record(0, latency_ms=10.0)])
    second.append(3, [record(0, latency_ms=20.0), record(1, latency_ms=30.0), record(1, latency_ms=40.0)])
    for store in (first, second, MeasuredStore.open(tmp_path)):
        assert store.cells()[1][:2, 3].tolist() == [10.0, 30.0]
    assert first.missing([(0, 3), (2, 3), (1, 3), (2, 3), (0, 4)]) == [(2, 3), (0, 4)]


def _append_everything(folder: Path, latency_ms: float, start: Barrier, answer: "multiprocessing.Queue[bytes]") -> None:
    store = MeasuredStore.open(folder)
    start.wait()
    for configuration in store.contents.configurations:
        for sample in range(len(IMAGES)):
            store.append(configuration, [record(sample, latency_ms=latency_ms + sample)])
    answer.put(store.cells()[1].tobytes())


def test_processes_that_measure_the_same_cells_at_once_get_the_same_values(tmp_path: Path) -> None:
    MeasuredStore.create(tmp_path, contents())
    forked = multiprocessing.get_context("fork")
    start, answer = forked.Barrier(3), forked.Queue()
    processes = [
        forked.Process(target=_append_everything, args=(tmp_path, 100.0 * number, start, answer))
        for number in (1, 2, 3)
    ]
    for process in processes:
        process.start()
    tables = {answer.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert tables == {MeasuredStore.open(tmp_path).cells()[1].tobytes()}
    assert load_profile(tmp_path).measured.all()  # which refuses a cell that is there twice


@needs_refusing_disk
def test_a_full_disk_is_told_in_a_sentence_and_costs_no_measurement(tmp_path: Path) -> None:
    store = MeasuredStore.create(tmp_path / "store", contents())
    store.append(0, [record(0)])
    filled = tmp_path / "full"
    script = (
        "import sys; from pathlib import Path; from stores import record\n"
        "from trainable.contract import UserError; from trainable.measuring.store import MeasuredStore\n"
        "store = MeasuredStore.open(Path(sys.argv[1])); store.cells(); Path(sys.argv[2]).touch()\n"
        "try: store.append(0, [record(1)])\n"
        "except UserError as error: sys.exit(str(error))\n"
    )
    environment = os.environ | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests' / 'support'}"}
    finished = subprocess.run(
        [sys.executable, "-c", script, str(store.folder), str(filled)],
        env=environment | refusing(store.folder, 28, once=filled),
        capture_output=True,
        encoding="utf-8",
    )
    assert finished.stderr.count("\n") == 1
    assert "cannot be written (the disk is full, of bytes or of files); make room" in finished.stderr
    assert store.cells()[1][:2, 0].tolist()[0] == 10.0
    store.append(0, [record(1, latency_ms=11.0)])
    assert MeasuredStore.open(store.folder).cells()[1][:2, 0].tolist() == [10.0, 11.0]


@pytest.mark.parametrize(
    ("change", "said"),
    [({"accuracy": 2.0}, "cannot be"), ({"metadata": {}}, "image_id"), ({"T_total": None}, "not supported")],
)
def test_a_record_of_another_kind_is_told_with_its_file(tmp_path: Path, change: dict[str, object], said: str) -> None:
    store = MeasuredStore.create(tmp_path, contents())
    with pytest.raises(UserError, match=rf"blocks4\.json: a record in it is not of this store \(.*{said}"):
        store.append(0, [record(0) | change])


def test_no_store_and_a_damaged_one_are_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no measured store lies there; make one with trainable/profile_model\.py"):
        MeasuredStore.open(tmp_path)
    (tmp_path / "store.json").write_text('{"format": 1}', encoding="utf-8")
    with pytest.raises(UserError, match="it is no measured store's"):
        MeasuredStore.open(tmp_path)
