"""Images of 56 x 56 pixels with four handwritten digits, one in each quarter, all of one scale.

B images, D = 4 digits in reading order: top left, top right, bottom left, bottom right.
"""

from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample, interpolate

SIDE, QUARTER = 56, 28
"""In pixels."""
TIERS = {"low": 16, "medium": 28, "high": 56}
"""Side of the image that the model sees, in pixels."""
QUARTERS_AT = torch.tensor([[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]])
"""[D, 2]: middles of the quarters, x and y as shares of the side."""
TRAINING_DIGITS = 1300
"""Of scikit-learn's 1,797; the others are for questions that the model is judged by."""
MOST_TURN, MOST_LIGHT = 0.175, 0.2
"""Of an augmented image: how far a digit is turned, in radians, and how much brighter or darker all is, as a share."""


@dataclass(frozen=True)
class Pool:
    """Digits to draw from: images [N, 8, 8] in [0, 1] and what they show [N]."""

    images: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Mosaics:
    """Images [B, 1, 56, 56] in [0, 1]; digits [B, D]; their middles [B, D, 2] (x, y) and sides [B, D], as shares."""

    images: Tensor
    digits: Tensor
    middles: Tensor
    sides: Tensor


def digit_pools() -> tuple[Pool, Pool]:
    """Digits for training, and those that the model never sees while it is trained."""
    data = load_digits()
    order = torch.randperm(len(data.target), generator=torch.Generator().manual_seed(0))
    images = torch.tensor(data.images / 16, dtype=torch.float32)[order]
    labels = torch.tensor(data.target)[order]
    return Pool(images[:TRAINING_DIGITS], labels[:TRAINING_DIGITS]), Pool(
        images[TRAINING_DIGITS:], labels[TRAINING_DIGITS:]
    )


def draw_mosaics(pool: Pool, sides_px: Tensor, g: torch.Generator, augmented: bool = False) -> Mosaics:
    """Mosaics with digits from the pool at random places of their quarters.

    Args:
        sides_px: [B, 2], the smallest and the largest side of a digit in each image, in pixels.
        augmented: each digit turned a little, each image brighter or darker.
    """
    count = len(sides_px)
    drawn = torch.randint(0, len(pool.labels), (count, 4), generator=g)  # [B, D]
    least, most = sides_px[:, :1], sides_px[:, 1:]
    side_px = least + (most - least) * torch.rand(count, 4, generator=g)  # [B, D]
    room = (1 - side_px / QUARTER)[..., None]
    place = (torch.rand(count, 4, 2, generator=g) * 2 - 1) * room  # [B, D, 2], of a quarter that reaches from -1 to 1
    turn = (torch.rand(count, 4, generator=g) - 0.5) * 2 * (MOST_TURN if augmented else 0)  # [B, D]
    images = _paste(pool.images[drawn], place, QUARTER / side_px, turn)
    if augmented:
        images = images * (1 + MOST_LIGHT * (torch.rand(count, 1, 1, 1, generator=g) * 2 - 1))
    return Mosaics(images, pool.labels[drawn], QUARTERS_AT + place / 4, side_px / SIDE)


def _paste(digits: Tensor, place: Tensor, zoom: Tensor, turn: Tensor) -> Tensor:
    """[B, 1, 56, 56] of digits [B, D, 8, 8]: each quarter looks up its pixels in its digit by an affine map."""
    count = len(digits)
    cos, sin = torch.cos(turn) * zoom, torch.sin(turn) * zoom
    matrix = torch.stack([torch.stack([cos, -sin], -1), torch.stack([sin, cos], -1)], -2)  # [B, D, 2, 2]
    maps = torch.cat([matrix, -(matrix @ place[..., None])], -1).reshape(count * 4, 2, 3)
    grid = affine_grid(maps, [count * 4, 1, QUARTER, QUARTER], align_corners=False)
    quarters = grid_sample(digits.reshape(count * 4, 1, 8, 8), grid, align_corners=False)
    rows = quarters.reshape(count, 2, 2, QUARTER, QUARTER).permute(0, 1, 3, 2, 4)
    return rows.reshape(count, 1, SIDE, SIDE)


def at_tier(images: Tensor, tier: str) -> Tensor:
    """Images [B, 1, 56, 56] as a tier shows them: [B, 1, side, side]."""
    side = TIERS[tier]
    if side == SIDE:
        return images
    return interpolate(images, size=(side, side), mode="bilinear", antialias=True, align_corners=False)
