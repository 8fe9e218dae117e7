"""Runs (sample, configuration) cells on the model, one answer at a time, and puts what comes of them into the store."""

import contextlib
import functools
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from trainable.contract import UserError
from trainable.measuring.device_lock import device_lock
from trainable.measuring.record_file import Record
from trainable.measuring.store import MeasuredStore
from trainable.measuring.store_file import StoreContents
from trainable.profiles.files import STAGES
from trainable.profiles.reading import read_profile
from trainable.questions.sample import Question, QuestionSet
from trainable.vision_language_model.answer import Answer
from trainable.vision_language_model.model import VisionLanguageModel

IMAGES_KEPT = 64
"""Of those read last: a chunk of samples is measured under one configuration after the other."""


class Meter:
    """A model in the hands of a store.

    Args:
        questions: all that the store has, and maybe more.
        latencies_ms: where latencies are not measured but taken from elsewhere, [S, C]; see `latencies_of_profile`.
        on_wait: called before this process waits for another one that measures on the device.

    Raises:
        UserError: the questions lack one of the store's, or the model a value of a knob.
    """

    def __init__(
        self,
        store: MeasuredStore,
        model: VisionLanguageModel,
        questions: QuestionSet,
        latencies_ms: np.ndarray | None = None,
        on_wait: Callable[[], object] | None = None,
    ) -> None:
        self.store, self.model = store, model
        self.questions = _of_store(store, questions)
        """In the store's order."""
        self._score = questions.score
        self._latencies_ms, self._on_wait = latencies_ms, on_wait
        knobs = store.contents.identity.knobs
        self._drop_order: Sequence[int] = knobs["drop_order"]
        self._max_new_tokens: int = knobs["max_new_tokens"]
        self._num_runs: int = knobs["num_runs_per_sample"]
        self._num_threads: int = store.contents.identity.machine["num_threads"]
        self.image = functools.lru_cache(IMAGES_KEPT)(lambda sample: self.questions[sample].image())
        """Of a sample."""
        for name, values in zip(store.contents.grid.names, store.contents.grid.values, strict=True):
            self._require_values(name, values)

    def _require_values(self, name: str, values: Sequence[str | int]) -> None:
        grid = self.model.grid
        known = dict(zip(grid.names, grid.values, strict=True)).get(name, ())
        if lacking := [value for value in values if value not in known]:
            raise UserError(
                f"{self.store.folder}: it was measured at {name} {lacking[0]}, which the model {self.model.path} "
                "cannot have; give the model that it is of"
            )

    def measure(self, cells: Sequence[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray, int]:
        """Have the store hold these (sample, configuration) cells; only those that nobody has measured are run.

        Returns:
            Their accuracies and latencies (ms), float32 [cells], and how many were run for that here.

        Raises:
            UserError: the store cannot be written to.
        """
        missing = self.store.missing(cells)
        if missing:
            with self.alone():
                missing = self.store.missing(missing)  # others may have measured some while this process waited
                for configuration, samples in _by_configuration(missing).items():
                    self.store.append(configuration, self._records(configuration, samples))
        accuracy, latency_ms = self.store.cells()
        asked = tuple(np.array(cells, dtype=np.int64).reshape(-1, 2).T)
        return accuracy[asked], latency_ms[asked], len(missing)

    @contextlib.contextmanager
    def alone(self) -> Iterator[None]:
        """Have the device alone in the block, with as many threads as all of the store's numbers are measured with.

        Nobody need wait where latencies are taken from a profile.
        """
        with contextlib.ExitStack() as stack:
            if self._latencies_ms is None:
                stack.enter_context(device_lock(str(self.model.device), self._on_wait))
            stack.enter_context(_threads(self._num_threads))
            yield

    def _records(self, configuration: int, samples: Sequence[int]) -> list[Record]:
        self.model.turn(self.store.contents.configuration(configuration), self._drop_order)
        if self._latencies_ms is None:
            self._answers(samples[0], num_runs=1)  # the first answer after a turn is slower than all that follow
        return [self._record(configuration, sample) for sample in samples]

    def _answers(self, sample: int, num_runs: int) -> list[Answer]:
        inputs = self.model.read(self.image(sample), self.questions[sample].question)
        return [self.model.answer(inputs, self._max_new_tokens) for _ in range(num_runs)]

    def _record(self, configuration: int, sample: int) -> Record:
        if self._latencies_ms is None:
            answers = self._answers(sample, self._num_runs)
            latencies_ms = stage_medians(answers)
        else:
            answers = self._answers(sample, num_runs=1)
            latencies_ms = {"T_total": float(self._latencies_ms[sample, configuration])}
        question, answer = self.questions[sample], answers[0]
        return {
            "sample_id": sample,
            **self.store.contents.knobs(configuration),
            "actual_vision_tokens": answer.num_vision_tokens,
            "actual_text_tokens": answer.num_text_tokens,
            "output_tokens": answer.num_output_tokens,
            **latencies_ms,
            "accuracy": self._score(question, answer.text),
            "pred": answer.text,
            "metadata": dict(question.metadata),
        }


def latencies_of_profile(results_dir: Path, contents: StoreContents) -> np.ndarray:
    """Latencies (ms) that somebody else has measured of a store's cells, float32 [S, C]; NaN where not the store's.

    Raises:
        UserError: the profile cannot be read, or lacks one of the store's cells.
    """
    profile = read_profile(results_dir, (contents.dataset,))
    if profile.grid.names != contents.grid.names:
        raise UserError(
            f"--latency_profile {results_dir}: its knobs are {', '.join(profile.grid.names)}, the model's "
            f"{', '.join(contents.grid.names)}; give a profile of this model"
        )
    row_of = {key: row for row, key in enumerate(profile.keys)}
    column_of = {knobs: column for column, knobs in enumerate(profile.grid.configurations)}
    latencies_ms = np.full((len(contents.keys), len(contents.grid.configurations)), np.nan, dtype=np.float32)
    for configuration in contents.configurations:
        column = column_of.get(contents.grid.configurations[configuration])
        for sample, key in enumerate(contents.keys):
            if column is not None and key in row_of:
                latencies_ms[sample, configuration] = profile.latency_ms[row_of[key], column]
            if np.isnan(latencies_ms[sample, configuration]):
                raise UserError(
                    f"--latency_profile {results_dir}: question {key.question_id} about image {key.image_id} has no "
                    f"latency in it under {contents.configuration(configuration)}; give a profile that has every cell, "
                    "or measure latencies"
                )
    return latencies_ms


def _of_store(store: MeasuredStore, questions: QuestionSet) -> list[Question]:
    """The store's questions, in its order."""
    by_ids = {(question.key.image_id, question.key.question_id): question for question in questions.questions}
    found = []
    for key in store.contents.keys:
        question = by_ids.get((key.image_id, key.question_id))
        if question is None:
            raise UserError(
                f"{store.folder}: it has question {key.question_id} about image {key.image_id}, which the dataset "
                f"{questions.name} lacks; give the dataset that it is of"
            )
        found.append(question)
    return found


def _by_configuration(cells: Sequence[tuple[int, int]]) -> dict[int, list[int]]:
    """The samples of each configuration, in the cells' order."""
    found: dict[int, list[int]] = {}
    for sample, configuration in cells:
        found.setdefault(configuration, []).append(sample)
    return found


def stage_medians(answers: Sequence[Answer]) -> dict[str, Any]:
    """Medians over the runs, and the runs where there are several, in ms."""
    runs = [(answer.vision_ms, answer.prefill_ms, answer.decode_ms) for answer in answers]
    stages = [round(statistics.median(of_runs), 4) for of_runs in zip(*runs, strict=True)]
    timed: dict[str, Any] = dict(zip(STAGES, stages, strict=True))
    timed["T_total"] = round(statistics.median(answer.total_ms for answer in answers), 4)
    if len(runs) > 1:
        timed["runs"] = [[round(stage_ms, 4) for stage_ms in run] for run in runs]
    return timed


@contextlib.contextmanager
def _threads(num_threads: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(num_threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)
