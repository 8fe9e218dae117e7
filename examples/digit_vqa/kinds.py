"""The kinds of question: what each asks, and what the right answer is by construction.

N questions about N images with D = 4 digits in reading order; V variants of a kind, one text each.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor
from words import CODES, FIRST, ID, PAD, SECOND, ids_of

PLACES = ("top left", "top right", "bottom left", "bottom right")
PAIRS = ("top row", "bottom row", "left column", "right column")
MEMBERS = torch.tensor([[0, 1], [2, 3], [0, 2], [1, 3]])
"""[4, 2]: the places that each pair names."""
ORDERS = torch.tensor([[0, 1, 2, 3], [0, 2, 1, 3]])
"""[2, D]: the places row by row, and column by column."""
NO_TOKEN = ID[PAD]


@dataclass(frozen=True)
class Kind:
    """A kind of question.

    Attributes:
        texts: [V] questions.
        answer: of digits [N, D] and variants [N], the answers' token ids [N, longest], padded behind with NO_TOKEN.
        longest: tokens of its longest answer.
        variant: of where [N] in 0..3 and pair [N, 2] in 0..29, both drawn for every question, the variant [N].
    """

    name: str
    texts: tuple[str, ...]
    answer: Callable[[Tensor, Tensor], Tensor]
    longest: int = 1
    variant: Callable[[Tensor, Tensor], Tensor] = lambda where, pair: where

    @cached_property
    def tokens(self) -> Tensor:
        """[V, most]: its questions' token ids, padded behind."""
        return torch.nn.utils.rnn.pad_sequence(
            [torch.tensor(ids_of(text)) for text in self.texts], batch_first=True, padding_value=NO_TOKEN
        )


def _of_digits(digits: Tensor) -> Tensor:
    """Token ids of digits, which lie behind each other in WORDS."""
    return digits + ID["0"]


def _operands(digits: Tensor, pairs: Tensor) -> Tensor:
    return torch.gather(digits, 1, MEMBERS[pairs])  # [N, 2]


def _digit_at(digits: Tensor, places: Tensor) -> Tensor:
    return _of_digits(torch.gather(digits, 1, places[:, None]))


def _last_digit_of_sum(digits: Tensor, pairs: Tensor) -> Tensor:
    return _of_digits(_operands(digits, pairs).sum(1, keepdim=True) % 10)


def _sum(digits: Tensor, pairs: Tensor) -> Tensor:
    total = _operands(digits, pairs).sum(1)
    tens, ones = _of_digits(total // 10), _of_digits(total % 10)
    short = torch.stack([ones, torch.full_like(ones, NO_TOKEN)], 1)
    return torch.where((total < 10)[:, None], short, torch.stack([tens, ones], 1))


def _all_digits(digits: Tensor, orders: Tensor) -> Tensor:
    return _of_digits(torch.gather(digits, 1, ORDERS[orders]))


WHICH = Kind("which", tuple(f"which digit {place}?" for place in PLACES), _digit_at)
LAST_OF_SUM = Kind("sum", tuple(f"sum {pair}?" for pair in PAIRS), _last_digit_of_sum)
SUM = Kind("sum", LAST_OF_SUM.texts, _sum, longest=2)
READ = Kind("read", ("read rows?", "read columns?"), _all_digits, longest=4, variant=lambda where, pair: where % 2)


def _codes(words: int) -> Kind:
    """What belongs to a pair of the first so many first words and second words."""
    return Kind(
        "code",
        tuple(f"code {first} {second}?" for first in FIRST[:words] for second in SECOND[:words]),
        lambda digits, pairs: _of_digits(CODES[:words, :words].flatten()[pairs])[:, None],
        variant=lambda where, pair: pair[:, 0] % words * words + pair[:, 1] % words,
    )


ALL_CODES, FEWER_CODES = _codes(len(FIRST)), _codes(20)
