"""Finding the order in which a model's blocks are left out: by what its answers lose on training questions."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from results.files.atomic_write import read_json, write_json
from trainable.block_importance.elimination import eliminate, num_scores
from trainable.block_importance.files import write_importance
from trainable.questions.sample import Question, QuestionSet
from trainable.terminal.progress import progress
from trainable.vision_language_model.families.inputs import Inputs
from trainable.vision_language_model.model import VisionLanguageModel

PARTIAL_FILE = "importance.partial.json"
"""The scores so far; goes when the order is found."""

WEIGHT_OF_LIKELIHOOD = 1e-3
"""Of the log-probability with which a right answer begins, beside the answer's accuracy: it decides between blocks that
cost equally many answers, as there are where questions are few."""

_ROUNDING = 1e-6
"""More than a sum of worths may be off by."""


def find_importance(
    model: VisionLanguageModel, questions: QuestionSet, samples: Sequence[int], max_new_tokens: int, folder: Path
) -> tuple[int, ...]:
    """The order in which blocks are left out, all but the fixed ones, by greedy elimination.

    Every other knob is at its dearest. The score is the mean accuracy, and a little of how likely right answers begin.
    With n blocks to leave out each question is asked at most n (n + 1) / 2 + 1 times: a block without which the score
    cannot be the best any more is given up. Killed, it goes on from the last score. It does not lock the device. The
    model is left at its dearest configuration.

    Args:
        samples: indices of the questions that are asked, which should be of training.
        folder: is there, and gets importance.json and layer_importance_scores.json.

    Raises:
        UserError: an image does not open, or the folder cannot be written to.
    """
    dearest = {name: values[-1] for name, values in zip(model.grid.names, model.grid.values, strict=True)}
    model.turn(dearest, ())
    asked = [questions.questions[sample] for sample in samples]
    blocks, fixed = tuple(range(model.num_blocks)), model.fixed_blocks
    about = {
        "model": model.identity,
        "questions": questions.identity,
        "question_ids": [question.key.question_id for question in asked],
        "max_new_tokens": max_new_tokens,
        **{name: value for name, value in dearest.items() if name != "num_active_blocks"},
    }
    journal = _Journal(folder / PARTIAL_FILE, about)
    prompts = [(question, model.read(question.image(), question.question)) for question in asked]
    total = num_scores(len(blocks) - len(fixed)) + 1
    with progress("importance of blocks", "scores", total, len(journal.values)) as advance:
        with_all = journal.kept(
            "all", lambda: list(_worths(model, questions, prompts, max_new_tokens, blocks)), advance
        )
        # What the whole model gets wrong comes first: hardly a block's absence mends it, so who has more to answer
        # for is found out early.
        prompts = [prompts[place] for place in np.argsort(with_all, kind="stable")]

        def score(active: tuple[int, ...], at_least: float) -> float | None:
            worths = _worths(model, questions, prompts, max_new_tokens, active)
            name = " ".join(map(str, active))
            found: float | None = journal.kept(name, lambda: mean(worths, len(prompts), at_least), advance)
            return found

        gone = list(eliminate(blocks, fixed, score))
    order = tuple(block for block, _ in gone)
    details = {"score": float(np.mean(with_all)), "scores": [score for _, score in gone], "about": about}
    write_importance(folder, order, details)
    (folder / PARTIAL_FILE).unlink(missing_ok=True)
    model.turn(dearest, ())
    return order


def _worths(
    model: VisionLanguageModel,
    questions: QuestionSet,
    prompts: Sequence[tuple[Question, Inputs]],
    max_new_tokens: int,
    active: Sequence[int],
) -> Iterator[float]:
    """Of the model's answers with these blocks alone, each at most 1."""
    model.keep_blocks(active)
    for question, inputs in prompts:
        answer, log_probability = model.examine(inputs, max_new_tokens, question.answers)
        yield questions.score(question, answer.text) + WEIGHT_OF_LIKELIHOOD * log_probability


def mean(worths: Iterator[float], count: int, at_least: float) -> float | None:
    """Of so many worths, each at most 1; None as soon as it is bound to be less than so much."""
    total = 0.0
    for still, worth in zip(reversed(range(count)), worths, strict=True):
        total += worth
        if total + still < at_least * count - _ROUNDING:
            return None
    return total / count


class _Journal:
    """What is found once, however often the process is killed.

    Args:
        about: what it depends on; a file about anything else begins anew.
    """

    def __init__(self, file: Path, about: Mapping[str, Any]) -> None:
        before = read_json(file)
        self.values: dict[str, Any] = before["values"] if before.get("about") == about else {}
        self._file, self._about = file, about

    def kept(self, name: str, find: Callable[[], Any], advance: Callable[[int], None]) -> Any:
        """The value of that name, on the disk when this returns.

        Args:
            find: gives it, where it is not known. advance: called with 1 then.
        """
        if name not in self.values:
            self.values[name] = find()
            write_json(self._file, {"about": self._about, "values": self.values})
            advance(1)
        return self.values[name]
