"""Questions about mosaics as tokens: drawn, answered, and packed behind their image.

B images, Q questions about each, N = B x Q; T tokens of a slot, which holds one question with its answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from kinds import NO_TOKEN, Kind
from torch import Tensor
from words import END, FIRST, ID

NOT_JUDGED = -100
"""Label of a token that the loss leaves out."""


@dataclass(frozen=True)
class Asked:
    """Questions with their answers.

    Attributes:
        kind: [B, Q], numbers into the list of kinds.
        variant: [B, Q], which of the kind's texts.
        tokens: [B, Q, T], each question and its answer, padded behind.
        labels: [B, Q, T], the token that is to follow each; NOT_JUDGED within questions and behind the answers.
    """

    kind: Tensor
    variant: Tensor
    tokens: Tensor
    labels: Tensor


def slot_length(kinds: Sequence[Kind], ends: bool) -> int:
    """T: the last token of an answer is asked for, and not shown."""
    return max(kind.tokens.shape[1] + kind.longest for kind in kinds) - 1 + ends


def ask(kinds: Sequence[Kind], kind: Tensor, digits: Tensor, ends: bool, g: torch.Generator) -> Asked:
    """Random questions of the given kinds.

    Args:
        kind: [B, Q], numbers into `kinds`.
        digits: [B, D], what the images show.
        ends: the model is to say <end> behind its answer.
    """
    images, questions = kind.shape
    where = torch.randint(0, 4, (images, questions), generator=g).reshape(-1)  # [N]
    pair = torch.randint(0, len(FIRST), (images, questions, 2), generator=g).reshape(-1, 2)  # [N, 2]
    shown = digits.repeat_interleave(questions, 0)  # [N, D]
    length = slot_length(kinds, ends) + 1
    variant = torch.zeros(images * questions, dtype=torch.long)
    rows = torch.full((images * questions, length), NO_TOKEN)  # [N, T + 1]
    judged = torch.zeros(rows.shape, dtype=torch.bool)
    for number, one in enumerate(kinds):
        of_kind = (kind.reshape(-1) == number).nonzero()[:, 0]
        variant[of_kind] = one.variant(where[of_kind], pair[of_kind])
        question, answer = one.tokens[variant[of_kind]], one.answer(shown[of_kind], variant[of_kind])
        rows[of_kind], judged[of_kind] = _joined(question, _closed(answer) if ends else answer, length)
    shape = (images, questions, length - 1)
    labels = torch.where(judged, rows, NOT_JUDGED)[:, 1:]
    return Asked(kind, variant.reshape(kind.shape), rows[:, :-1].reshape(shape), labels.reshape(shape))


def _closed(answer: Tensor) -> Tensor:
    """Answers [M, A] with <end> behind each, [M, A + 1]."""
    wider = torch.cat([answer, torch.full((len(answer), 1), NO_TOKEN)], 1)
    return wider.scatter(1, (answer != NO_TOKEN).sum(1, keepdim=True), ID[END])


def _joined(question: Tensor, answer: Tensor, length: int) -> tuple[Tensor, Tensor]:
    """Each answer [M, A] straight behind its question [M, ...], both padded: [M, length], and where answers lie."""
    pad = torch.nn.functional.pad
    behind = (question != NO_TOKEN).sum(1, keepdim=True) + torch.arange(answer.shape[1])  # [M, A]
    rows = pad(question, (0, answer.shape[1]), value=NO_TOKEN).scatter(1, behind, answer)
    judged = torch.zeros(rows.shape, dtype=torch.bool).scatter(1, behind, answer != NO_TOKEN)
    missing = length - rows.shape[1]  # below 0 where a long question has but short answers
    return pad(rows, (0, missing), value=NO_TOKEN), pad(judged, (0, missing), value=False)
