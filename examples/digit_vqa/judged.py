"""The questions that a model is judged by, about images of digits that it never saw: the same ones each time."""

from dataclasses import dataclass

import torch
from asking import NOT_JUDGED, ask
from editions import SCALES, Edition
from kinds import NO_TOKEN
from lessons import BOUNDS
from mosaics import digit_pools, draw_mosaics
from torch import Tensor
from words import END, ID, WORDS

SEED = 2026


@dataclass(frozen=True)
class JudgedQuestion:
    """About the image of that number."""

    image: int
    kind: str
    text: str
    answer: str


def draw_judged(edition: Edition) -> tuple[Tensor, list[JudgedQuestion]]:
    """Images [B, 1, 56, 56] in [0, 1], and the questions about them, image by image."""
    g = torch.Generator().manual_seed(SEED)
    judged, names = edition.judged, [kind.name for kind in edition.kinds]
    scale = torch.multinomial(torch.tensor(judged.scales), judged.images, replacement=True, generator=g)
    mosaics = draw_mosaics(digit_pools()[1], BOUNDS[scale], g)
    questions = []
    for image, of_scale in enumerate(scale.tolist()):
        kinds = judged.kinds[list(SCALES)[of_scale]]
        numbers = torch.tensor([names.index(kind) for kind in kinds])
        mixed = numbers[torch.randperm(len(kinds), generator=g)][None, : judged.questions]
        drawn: list[JudgedQuestion] = []
        while len({question.text for question in drawn}) < judged.questions:  # those about an image differ
            asked = ask(edition.kinds, mixed, mosaics.digits[image : image + 1], edition.ends, g)
            drawn = [
                JudgedQuestion(image, kind.name, kind.texts[variant], answer_of(labels))
                for kind, variant, labels in zip(
                    [edition.kinds[number] for number in mixed[0].tolist()],
                    asked.variant[0].tolist(),
                    asked.labels[0],
                    strict=True,
                )
            ]
        questions += drawn
    return mosaics.images, questions


def answer_of(labels: Tensor) -> str:
    """The answer that labels [T] ask for, as it is spelled."""
    told = labels[(labels != NOT_JUDGED) & (labels != NO_TOKEN) & (labels != ID[END])]
    return "".join(WORDS[token] for token in told.tolist())
