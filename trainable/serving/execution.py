"""A dataset's questions put to the running model: under each budget as the policy chooses, and under fixed ones.

Every request of the policy is executed, since its latency is its own: features, decision, turning and what a model
takes that ran under another configuration just before. A fixed configuration, which no server would turn, runs in
blocks of samples after a warm-up, and its one answer to a question counts under every budget. Blocks and requests are
interleaved, so that drift hits all alike. Letters: `S` questions, `Q` budgets, `F` fixed configurations.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from trainable.questions.sample import QuestionSet
from trainable.serving.controller import AdaptiveModel, Served
from trainable.terminal.progress import progress

BLOCK = 20
"""Questions between two turns of a fixed configuration."""
WARM_UP = 3
"""Requests before the first that counts."""

Configuration = dict[str, str | int]


@dataclass(frozen=True)
class Executed:
    """What came of the requests."""

    accuracy: np.ndarray
    """[S, Q] of the policy"""
    latency_ms: np.ndarray
    """[S, Q], whole requests"""
    overhead_ms: np.ndarray
    """[S, Q], the policy's own part of them"""
    features_ms: np.ndarray
    """[S, Q], the part of that which its features take"""
    reading_ms: np.ndarray
    """[S, Q], counted nowhere"""
    fixed_accuracy: np.ndarray
    """[S, F]"""
    fixed_latency_ms: np.ndarray
    """[S, F]"""

    def medians_ms(self) -> dict[str, float]:
        """Of what the policy's requests spent beside the model."""
        parts = {
            "overhead": self.overhead_ms,
            "features": self.features_ms,
            "decision": self.overhead_ms - self.features_ms,
            "reading": self.reading_ms,
        }
        return {name: float(np.median(times_ms)) for name, times_ms in parts.items()}


def execute(
    adaptive: AdaptiveModel,
    asked: QuestionSet,
    budgets_ms: Sequence[float],
    fixed: Sequence[Configuration],
) -> Executed:
    """Put every question under every budget and every fixed configuration to the model.

    Args:
        budgets_ms: [Q].
        fixed: [F].
    """
    questions, num_questions = asked.questions, len(asked.questions)
    of_policy = np.empty((5, num_questions, len(budgets_ms)))
    of_fixed = np.empty((2, num_questions, len(fixed)))
    random = np.random.default_rng(0)
    for question in questions[:WARM_UP]:
        adaptive.answer(question.image(), question.question, budgets_ms[0])
    with progress("answering", "answers", num_questions * (len(budgets_ms) + len(fixed))) as advance:
        for first in range(0, num_questions, BLOCK):
            block = range(first, min(first + BLOCK, num_questions))
            images = {index: questions[index].image() for index in block}
            for column in random.permutation(len(fixed)):
                of_fixed[:, block, column] = _block_under(fixed[column], adaptive, asked, images)
                advance(len(block))
            requests = [(index, budget) for index in block for budget in range(len(budgets_ms))]
            for index, budget in random.permutation(requests).tolist():
                served = adaptive.answer(images[index], questions[index].question, budgets_ms[budget])
                of_policy[:, index, budget] = asked.score(questions[index], served.answer.text), *_times_ms(served)
                advance(1)
    return Executed(*of_policy, *of_fixed)


def _block_under(
    configuration: Configuration, adaptive: AdaptiveModel, asked: QuestionSet, images: Mapping[int, Image.Image]
) -> np.ndarray:
    """Accuracy and latency (ms) of a block's questions, [2, block], on a model that is turned once and warmed up."""
    model, facts = adaptive.model, adaptive.facts
    model.turn(configuration, facts.drop_order)
    first = next(iter(images))
    found = {}
    for index in (first, *images):  # the first once more, to warm up
        question = asked.questions[index]
        answer = model.answer(model.read(images[index], question.question), facts.max_new_tokens)
        found[index] = asked.score(question, answer.text), answer.total_ms
    return np.array([found[index] for index in images]).T


def measured_overhead_ms(adaptive: AdaptiveModel, asked: QuestionSet, budgets_ms: Sequence[float]) -> float:
    """Median time of what a request spends before the model runs, over a few questions under each budget."""
    times_ms = [
        adaptive.answer(question.image(), question.question, budget_ms).overhead_ms
        for question in asked.questions[:BLOCK]
        for budget_ms in budgets_ms
    ]
    return float(np.median(times_ms[WARM_UP:] or times_ms))


def _times_ms(served: Served) -> tuple[float, float, float, float]:
    return served.latency_ms, served.overhead_ms, served.features_ms, served.reading_ms
