"""The two editions of the example: what is asked, of which model, and how it is taught."""

from dataclasses import dataclass
from itertools import accumulate

from kinds import ALL_CODES, FEWER_CODES, LAST_OF_SUM, READ, SUM, WHICH, Kind
from words import END, FIRST_WORDS, WORDS

SCALES = {"big": (25, 28), "mid": (15, 16), "small": (8, 9)}
"""Smallest and largest side of a digit, in pixels of the whole image."""
TOP_K = (1, 2, 4, 8)


@dataclass(frozen=True)
class Steps:
    """Of the three stages: the vision tower, the first four blocks, all sixteen."""

    vision: int
    four: int
    sixteen: int


@dataclass(frozen=True)
class Lessons:
    """What is shown while all blocks are trained; weights are shares but for a factor.

    Attributes:
        scales: by tier, of big, mid and small digits: mostly those that can be read at that tier.
        by_depth: by number of blocks, of each kind: hard kinds rarely with few.
        by_top_k: the same by experts a token, multiplied with it.
        tiers, depths, top_k: of the knobs' values.
    """

    scales: dict[str, tuple[float, ...]]
    by_depth: dict[int, tuple[float, ...]]
    by_top_k: dict[int, tuple[float, ...]]
    tiers: tuple[float, ...]
    depths: tuple[float, ...]
    top_k: tuple[float, ...]


@dataclass(frozen=True)
class Judged:
    """The questions that the model is judged by.

    Attributes:
        images: how many.
        scales: shares of big, mid and small digits.
        questions: about each image, drawn without replacement from the kinds listed for its scale.
        kinds: by scale.
    """

    images: int
    scales: tuple[float, ...]
    questions: int
    kinds: dict[str, tuple[str, ...]]


@dataclass(frozen=True)
class Edition:
    """One model and its questions.

    Attributes:
        words: by token id.
        added: the blocks that each depth adds to the one before, so that the model is trained at every depth.
    """

    name: str
    words: tuple[str, ...]
    kinds: tuple[Kind, ...]
    vision_blocks: int
    added: dict[int, tuple[int, ...]]
    steps: Steps
    lessons: Lessons
    judged: Judged

    @property
    def ends(self) -> bool:
        """An answer is closed by <end>, where not all have the same length."""
        return END in self.words

    @property
    def longest_answer(self) -> int:
        """In tokens, the end included."""
        return max(kind.longest for kind in self.kinds) + self.ends

    @property
    def blocks(self) -> dict[int, list[int]]:
        """By depth, the blocks that are trained at it."""
        return dict(zip(self.added, map(sorted, accumulate(map(list, self.added.values()))), strict=True))

    @property
    def drop_order(self) -> list[int]:
        """The blocks that can be left out, the one that goes first in front: those of the greatest depth."""
        _, *later = self.added.values()
        return [block for blocks in reversed(later) for block in blocks]


DIGIT_VQA = Edition(
    name="digit_vqa",
    words=FIRST_WORDS,
    kinds=(WHICH, LAST_OF_SUM, ALL_CODES),
    vision_blocks=2,
    added={4: (0, 2, 4, 6), 6: (10, 14), 8: (8, 12), 12: (7, 9, 11, 13), 16: (1, 3, 5, 15)},
    steps=Steps(vision=1500, four=2000, sixteen=2600),
    lessons=Lessons(
        scales={"low": (0.8, 0.12, 0.08), "medium": (0.35, 0.55, 0.1), "high": (0.25, 0.3, 0.45)},
        by_depth={4: (1, 0.06, 0.06), 6: (1, 0.15, 0.3), 8: (0.6, 0.4, 1.2), 12: (0.4, 0.9, 1.2), 16: (0.3, 1.5, 1.2)},
        by_top_k={1: (1, 1, 0.08), 2: (1, 1, 0.2), 4: (1, 1, 0.7), 8: (1, 0.8, 2)},
        tiers=(0.45, 0.25, 0.3),
        depths=(0.12, 0.08, 0.22, 0.13, 0.45),
        top_k=(0.2, 0.13, 0.17, 0.5),
    ),
    judged=Judged(
        images=500,
        scales=(0.4, 0.3, 0.3),
        questions=4,
        kinds={
            "big": ("which", "sum", "sum", "code"),
            "mid": ("which", "which", "sum", "code"),
            "small": ("which", "which", "sum", "code"),
        },
    ),
)
"""The shipped profile's: every answer is one token, a sum is asked modulo 10."""

DIGIT_SUMS = Edition(
    name="digit_sums",
    words=WORDS,
    kinds=(WHICH, SUM, READ, FEWER_CODES),
    vision_blocks=3,
    added={4: (0, 2, 4, 6), 8: (8, 10, 12, 14), 12: (7, 9, 11, 13), 16: (1, 3, 5, 15)},
    steps=Steps(vision=3000, four=2000, sixteen=3600),
    lessons=Lessons(
        scales={"low": (0.8, 0.14, 0.06), "medium": (0.3, 0.55, 0.15), "high": (0.2, 0.3, 0.5)},
        by_depth={
            4: (1, 0.06, 0.06, 0.06),
            8: (0.6, 0.4, 0.6, 1.2),
            12: (0.4, 1.4, 0.8, 1.2),
            16: (0.3, 2.2, 0.9, 1.2),
        },
        by_top_k={1: (1, 1, 1, 0.08), 2: (1, 1, 1, 0.2), 4: (1, 1, 1, 0.7), 8: (1, 1, 1, 1.6)},
        tiers=(0.25, 0.25, 0.5),
        depths=(0.14, 0.24, 0.17, 0.45),
        top_k=(0.2, 0.13, 0.17, 0.5),
    ),
    judged=Judged(
        images=1160,
        scales=(0.25, 0.35, 0.4),
        questions=2,
        kinds=dict.fromkeys(SCALES, ("which", "sum", "sum", "read", "code")),
    ),
)
"""Whole sums and readings, whose answers have up to four tokens; more small digits, which only `high` shows."""

EDITIONS = {edition.name: edition for edition in (DIGIT_VQA, DIGIT_SUMS)}
