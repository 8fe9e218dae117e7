"""What a cell's measurement is, and who waits for whom."""

import dataclasses
import multiprocessing
import shutil
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import pytest
import torch
from shipped_store import MODEL, QUESTIONS, Measured

from trainable.contract import UserError
from trainable.measuring.meter import Meter, latencies_of_profile, stage_medians
from trainable.measuring.store import MeasuredStore
from trainable.profiles.reading import read_profile
from trainable.questions.reading import read_questions
from trainable.questions.sample import QuestionSet
from trainable.vision_language_model.answer import Answer
from trainable.vision_language_model.loading import load_model
from trainable.vision_language_model.model import VisionLanguageModel

Answers = multiprocessing.Queue  # of latencies, and how many cells were run


@pytest.fixture(scope="module")
def model(one_thread: None) -> VisionLanguageModel:
    return load_model(str(MODEL))


@pytest.fixture(scope="module")
def questions() -> QuestionSet:
    return read_questions(str(QUESTIONS), max_samples=24)


@pytest.fixture
def store(measured: Measured, tmp_path: Path) -> MeasuredStore:
    """One of the same, with nothing in it."""
    return MeasuredStore.create(tmp_path / "store", MeasuredStore.open(measured.folder).contents)


def cells_of(store: MeasuredStore, *samples: int) -> list[tuple[int, int]]:
    return [(sample, configuration) for sample in samples for configuration in store.contents.configurations]


def test_a_cell_is_run_once(store: MeasuredStore, model: VisionLanguageModel, questions: QuestionSet) -> None:
    meter = Meter(store, model, questions)
    wanted = cells_of(store, 3, 8)
    accuracy, latency_ms, measured = meter.measure([*wanted, wanted[0]])
    assert measured == len(wanted)
    assert latency_ms[-1] == latency_ms[0] > 0
    again = Meter(MeasuredStore.open(store.folder), model, questions).measure([*wanted, wanted[0]])
    assert again[2] == 0
    assert np.array_equal(again[0], accuracy)
    assert np.array_equal(again[1], latency_ms)


def _measure(folder: Path, model: VisionLanguageModel, questions: QuestionSet, start: Barrier, answer: Answers) -> None:
    store = MeasuredStore.open(folder)
    meter = Meter(store, model, questions)
    start.wait()
    _, latency_ms, measured = meter.measure(cells_of(store, 3, 8, 11))
    answer.put((latency_ms.tobytes(), measured))


def test_processes_that_want_the_same_cells_at_once_get_the_same_values_and_run_them_once(
    store: MeasuredStore, model: VisionLanguageModel, questions: QuestionSet
) -> None:
    forked = multiprocessing.get_context("fork")
    start, answer = forked.Barrier(2), forked.Queue()
    arguments = (store.folder, model, questions, start, answer)
    processes = [forked.Process(target=_measure, args=arguments) for _ in range(2)]
    for process in processes:
        process.start()
    (one, ran_by_one), (other, ran_by_other) = (answer.get(timeout=120) for _ in processes)
    for process in processes:
        process.join()
    assert one == other
    assert ran_by_one + ran_by_other == 3 * 5


def test_it_measures_with_the_stores_threads_and_gives_them_back(
    store: MeasuredStore, model: VisionLanguageModel, questions: QuestionSet
) -> None:
    identity = store.contents.identity
    on_two = dataclasses.replace(identity, machine={**identity.machine, "num_threads": 2})
    meter = Meter(MeasuredStore(store.folder, dataclasses.replace(store.contents, identity=on_two)), model, questions)
    with meter.alone():
        assert torch.get_num_threads() == 2
    assert torch.get_num_threads() == 1


def test_medians_over_the_runs_count_and_the_runs_are_kept() -> None:
    def answer(vision_ms: float, prefill_ms: float, decode_ms: float) -> Answer:
        return Answer("8", 16, 4, 1, vision_ms, prefill_ms, decode_ms)

    runs = [answer(1.0, 10.0, 3.0), answer(2.0, 30.0, 1.0), answer(9.0, 20.0, 2.0)]  # in all 14, 33 and 31 ms
    assert stage_medians(runs) == {
        "T_vision_total": 2.0, "T_LLM_prefill": 20.0, "T_LLM_decode": 2.0, "T_total": 31.0,
        "runs": [[1.0, 10.0, 3.0], [2.0, 30.0, 1.0], [9.0, 20.0, 2.0]],
    }  # fmt: skip
    assert "runs" not in stage_medians(runs[:1])


def test_latencies_can_be_those_of_a_profile(
    store: MeasuredStore, model: VisionLanguageModel, questions: QuestionSet
) -> None:
    meter = Meter(store, model, questions, latencies_of_profile(MODEL, store.contents))
    wanted = cells_of(store, 3, 8)
    accuracy, latency_ms, _ = meter.measure(wanted)
    shipped = read_profile(MODEL)
    for (sample, configuration), cell_ms in zip(wanted, latency_ms, strict=True):
        row = shipped.keys.index(store.contents.keys[sample])
        column = shipped.grid.configurations.index(store.contents.grid.configurations[configuration])
        assert cell_ms == shipped.latency_ms[row, column]
    assert set(accuracy) <= {0.0, 1.0}


def test_a_profile_that_lacks_a_cell_gives_no_latencies(measured: Measured, tmp_path: Path) -> None:
    folder = shutil.copytree(measured.folder, tmp_path / "profile")
    next(folder.glob("*/*topk1_blocks4.json")).unlink()
    with pytest.raises(UserError, match=r"has no latency in it under \{'tier': 'low'"):
        latencies_of_profile(folder, MeasuredStore.open(measured.folder).contents)


def test_questions_of_another_dataset_are_refused(store: MeasuredStore, model: VisionLanguageModel) -> None:
    fewer = read_questions(str(QUESTIONS), max_samples=20)
    with pytest.raises(UserError, match=r"which the dataset digit_vqa lacks; give the dataset that it is of"):
        Meter(store, model, fewer)
