import hashlib
import itertools

import torch

from trainable.seeds import seed_of


def test_a_seed_is_the_same_in_every_process():
    # the first eight bytes of sha256("0/1/samples"), shifted right by one bit
    assert seed_of(0, 1, "samples") == int(hashlib.sha256(b"0/1/samples").hexdigest()[:16], 16) // 2


def test_every_part_matters_and_so_does_where_one_ends():
    parts = [(0, 1), (1, 0), (0, 1, "samples"), (0, 1, "dropout"), (0, 11), (1, 1), (11,)]
    assert all(seed_of(*one) != seed_of(*other) for one, other in itertools.combinations(parts, 2))


def test_torch_accepts_every_seed():
    for epoch in range(200):
        torch.Generator().manual_seed(seed_of(7, epoch, "samples"))
