"""What a policy may see of a sample before the model runs, and what that costs.

Vision features that cost more than a little of what they help to save are left out; whether they do is measured once,
as the store is made. Their cost is no part of any latency in the store: a deployment must count it.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from results.files.atomic_write import write_atomically
from trainable.contract import UserError
from trainable.measuring.device_lock import file_lock
from trainable.measuring.meter import Meter
from trainable.measuring.store import LOCK_FILE, MeasuredStore
from trainable.profiles.features import FEATURES_FILE
from trainable.profiles.identities import ids_as_array
from trainable.terminal.progress import progress

LARGEST_SHARE = 0.1
"""Of the full model's latency, that vision features may cost."""

CHUNK = 50
"""Samples after which others that wait for the device have their turn."""


@dataclass(frozen=True)
class FeatureCost:
    """What features take to be made: medians over the reference samples, in ms."""

    language_ms: float
    vision_ms: float
    full_ms: float
    """Latency of the dearest configuration."""

    @property
    def has_vision(self) -> bool:
        """Whether the vision features are cheap enough."""
        return self.vision_ms <= LARGEST_SHARE * self.full_ms

    def describe(self) -> str:
        """In a sentence."""
        text = (
            f"features: language {self.language_ms:.3g} ms, vision {self.vision_ms:.3g} ms a request, where the full "
            f"model takes {self.full_ms:.3g} ms"
        )
        if self.has_vision:
            return text
        return f"{text}; vision is over {LARGEST_SHARE:.0%} of that, so the policy is to go by the question alone"


def read_feature_cost(store: MeasuredStore) -> FeatureCost | None:
    """What the store's features cost; None before they are made.

    Raises:
        UserError: their file cannot be read.
    """
    file = store.dataset_folder / FEATURES_FILE
    if not file.exists():
        return None
    try:
        with safe_open(file, framework="numpy") as content:
            said = content.metadata()
        return FeatureCost(**{name: float(said[name]) for name in ("language_ms", "vision_ms", "full_ms")})
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise UserError(
            f"{file}: it is not what the profiler writes ({error}); remove it, to have it made again"
        ) from None


def make_features(meter: Meter) -> FeatureCost:
    """Write the features of all samples beside the store's measurements, where they are not there yet.

    The reference samples must be measured.

    Raises:
        UserError: they cannot be written.
    """
    store = meter.store
    if before := read_feature_cost(store):
        return before
    with meter.alone():
        cost = FeatureCost(
            language_ms=_median_ms(meter, _language),
            vision_ms=_median_ms(meter, _vision),
            full_ms=_full_ms(store),
        )
    samples = range(len(store.contents.keys))
    language, vision = [], []
    with progress("features", "samples", len(samples)) as advance:
        for chunk in _chunks(samples):
            with meter.alone():
                language += [_language(meter, sample) for sample in chunk]
                vision += [_vision(meter, sample) for sample in chunk] if cost.has_vision else []
            advance(len(chunk))
    arrays = {"language": np.stack(language)} | ({"vision": np.stack(vision)} if vision else {})
    arrays["question_id"] = ids_as_array([key.question_id for key in store.contents.keys])
    content = save(arrays, {name: repr(value) for name, value in asdict(cost).items()})
    with file_lock(store.folder / LOCK_FILE):
        if (first := read_feature_cost(store)) is not None:  # another process has been faster, and they are in use
            return first
        write_atomically(store.dataset_folder / FEATURES_FILE, content)
    return cost


def _language(meter: Meter, sample: int) -> np.ndarray:
    return meter.model.language_features(meter.questions[sample].question)


def _vision(meter: Meter, sample: int) -> np.ndarray:
    return meter.model.vision_features(meter.image(sample))


def _median_ms(meter: Meter, make: Callable[[Meter, int], np.ndarray]) -> float:
    reference, taken = meter.store.contents.reference, []
    make(meter, reference[0])  # the first is slower than all that follow
    for sample in reference:
        meter.image(sample)  # opening it is no part of what is timed, as in the model's latencies
        began = time.perf_counter()
        make(meter, sample)
        taken.append((time.perf_counter() - began) * 1e3)
    return round(float(np.median(taken)), 4)


def _full_ms(store: MeasuredStore) -> float:
    _, latency_ms = store.cells()
    dearest = store.contents.configurations[-1]
    return round(float(np.median(latency_ms[list(store.contents.reference), dearest])), 4)


def _chunks(samples: range) -> list[range]:
    return [samples[begin : begin + CHUNK] for begin in range(0, len(samples), CHUNK)]
