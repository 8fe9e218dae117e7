"""The epochs at which trials are judged."""

import math

NEAR_THE_END = 0.9
"""Of a trial's epochs: whoever pauses there has next to nothing left to save."""


def rung_epochs(num_epochs: int, grace_period: int, reduction_factor: float) -> list[float]:
    """`grace_period`, and each `reduction_factor` times the one before (Li et al. 2020, arXiv 1810.05934: r, eta)."""
    rungs = int(math.log(num_epochs / grace_period) / math.log(reduction_factor) + 1)
    return [grace_period * reduction_factor**rung for rung in range(rungs)]


def pausing_epochs(num_epochs: int, grace_period: int, reduction_factor: float) -> list[int]:
    """The rungs as whole epochs, without those in the last tenth of a trial: 3 and 9 of 30 epochs, of 27 too."""
    epochs = (math.ceil(epoch) for epoch in rung_epochs(num_epochs, grace_period, reduction_factor))
    return [epoch for epoch in dict.fromkeys(epochs) if epoch < NEAR_THE_END * num_epochs]
