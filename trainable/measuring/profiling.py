"""The meter driven over all cells of some samples, in an order in which drift hits every configuration alike."""

from collections.abc import Iterator, Sequence

import numpy as np

from trainable.contract import shown_path
from trainable.measuring.meter import Meter
from trainable.measuring.store import MeasuredStore
from trainable.profiles.files import SampleKey
from trainable.profiles.image_split import TRAIN, split_of_image
from trainable.terminal.progress import progress

CHUNK = 20
"""Samples that are measured under one configuration before the next one's turn."""


def reference_samples(keys: Sequence[SampleKey], number: int) -> tuple[int, ...]:
    """Which training samples are measured before all else: drawn by the samples alone, the same for every machine.

    Args:
        number: how many; all where there are fewer.
    """
    of_training = [index for index, key in enumerate(keys) if split_of_image(key.image_id) == TRAIN]
    drawn = np.random.default_rng(len(of_training)).permutation(of_training)[:number]
    return tuple(sorted(drawn.tolist()))


def interleaved(
    samples: Sequence[int], configurations: Sequence[int], seed: int, chunk: int = CHUNK
) -> Iterator[list[tuple[int, int]]]:
    """Every (sample, configuration) cell once: a few random samples under one configuration after the other, in an
    order of their own, then the next few.

    Yields:
        The cells of one turn of a configuration.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(samples).tolist()
    for begin in range(0, len(order), chunk):
        for configuration in random.permutation(configurations).tolist():
            yield [(sample, configuration) for sample in order[begin : begin + chunk]]


def measure_all(meter: Meter, samples: Sequence[int], what: str) -> int:
    """Have the store hold these samples under each of its configurations, with a progress bar.

    Args:
        what: is done, for the bar.

    Returns:
        How many cells were measured for that here.
    """
    contents = meter.store.contents
    turns = list(interleaved(samples, contents.configurations, contents.identity.seed))
    total = sum(map(len, turns))
    missing = len(meter.store.missing([cell for turn in turns for cell in turn]))
    measured = 0
    if missing:
        with progress(what, "cells", total, total - missing) as advance:
            for turn in turns:
                if lacking := meter.store.missing(turn):
                    measured += meter.measure(lacking)[2]
                    advance(len(lacking))
    return measured


def summary(store: MeasuredStore) -> str:
    """What a store holds, in a sentence."""
    accuracy, latency_ms = store.cells()
    count, total = np.count_nonzero(~np.isnan(latency_ms)), accuracy.shape[0] * len(store.contents.configurations)
    text = (
        f"{shown_path(store.folder)}: {accuracy.shape[0]:,} samples x {len(store.contents.configurations)} "
        f"configurations, {count:,} of {total:,} cells measured"
    )
    some = ~np.isnan(latency_ms).all(axis=0)
    if not some.any():
        return text
    accuracies, medians_ms = np.nanmean(accuracy[:, some], axis=0), np.nanmedian(latency_ms[:, some], axis=0)
    return (
        f"{text}; by configuration, accuracy is {accuracies.min():.3f} to {accuracies.max():.3f} and the median "
        f"latency {medians_ms.min():.3g} to {medians_ms.max():.3g} ms"
    )
