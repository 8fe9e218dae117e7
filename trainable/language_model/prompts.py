"""Which prompts are trained on, in which order: drawn from the seed alone, so a resumed training sees the same.

TRL's own sampler draws its orders from one generator, and begins with the first again after a resume.
"""

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass

from torch.utils.data import Sampler

from trainable.seeds import seed_of


def prompt_order(num_rows: int, seed: int) -> Iterator[int]:
    """Rows without end: all of them in one order, then all in another."""
    for which_pass in itertools.count(1):
        rows = list(range(num_rows))
        random.Random(seed_of(seed, which_pass, "prompts")).shuffle(rows)
        yield from rows


@dataclass(frozen=True)
class PromptSampler(Sampler[int]):
    """All rows that a training takes, as TRL's loader wants them: batch by batch, each prompt as often as its group."""

    num_rows: int
    seed: int
    num_batches: int
    """Of completions that are generated together."""
    prompts_per_batch: int
    num_generations: int
    repeats: int
    """How often TRL asks for a batch before it generates anew."""

    def __iter__(self) -> Iterator[int]:
        order = prompt_order(self.num_rows, self.seed)
        for _ in range(self.num_batches):
            prompts = list(itertools.islice(order, self.prompts_per_batch))
            groups = [row for row in prompts for _ in range(self.num_generations)]
            for _ in range(self.repeats):
                yield from groups

    def __len__(self) -> int:
        return self.num_batches * self.repeats * self.prompts_per_batch * self.num_generations
