"""What each step of the training is shown: a tier, its images, and questions with their answers."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from asking import Asked, ask
from editions import SCALES, Edition
from mosaics import Mosaics, Pool, at_tier, draw_mosaics
from torch import Tensor

IMAGES = {"low": 10, "medium": 8, "high": 4}
"""Of half a step with questions, by tier: about as many tokens each."""
IMAGES_OF_VISION = {"low": 32, "medium": 24, "high": 12}
QUESTIONS = 10
"""About each image."""
BOUNDS = torch.tensor(list(SCALES.values()), dtype=torch.float32)  # [3, 2]


@dataclass(frozen=True)
class Lesson:
    """Images at the tier [B, 1, side, side], what they show, and questions about them."""

    images: Tensor
    mosaics: Mosaics
    asked: Asked


def pick(values: Iterable[object], weights: Sequence[float], g: torch.Generator) -> object:
    return list(values)[int(torch.multinomial(torch.tensor(weights), 1, generator=g))]


def draw_images(edition: Edition, pool: Pool, tier: str, count: int, g: torch.Generator) -> tuple[Tensor, Mosaics]:
    weights = torch.tensor(edition.lessons.scales[tier])
    scale = torch.multinomial(weights, count, replacement=True, generator=g)
    mosaics = draw_mosaics(pool, BOUNDS[scale], g, augmented=True)
    return at_tier(mosaics.images, tier), mosaics


def draw_lesson(edition: Edition, pool: Pool, tier: str, kinds: Sequence[float], g: torch.Generator) -> Lesson:
    """With so much of each kind as `kinds` weighs."""
    count = IMAGES[tier]
    images, mosaics = draw_images(edition, pool, tier, count, g)
    kind = torch.multinomial(torch.tensor(kinds, dtype=torch.float32), count * QUESTIONS, replacement=True, generator=g)
    asked = ask(edition.kinds, kind.view(count, QUESTIONS), mosaics.digits, edition.ends, g)
    return Lesson(images, mosaics, asked)
