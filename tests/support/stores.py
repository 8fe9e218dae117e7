"""Small measured stores, filled by hand, for tests of what reads, writes or trains on one."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from profiles import images_of

from trainable.measuring.identity import StoreIdentity
from trainable.measuring.store import MeasuredStore
from trainable.measuring.store_file import StoreContents
from trainable.profiles.files import SampleKey
from trainable.profiles.image_split import TEST, TRAIN, VALIDATION
from trainable.profiles.knobs import KnobGrid

GRID = KnobGrid(("tier", "top_k", "num_active_blocks"), (("low", "high"), (1, 4), (4, 8)))
IMAGES = (*images_of(TRAIN, 4), *images_of(VALIDATION, 2), *images_of(TEST, 2))


def contents(grid: KnobGrid = GRID, configurations: Iterable[int] | None = None, **knobs: Any) -> StoreContents:
    """Of a store of one question about each of eight images; the first two of training are its reference."""
    allowed = tuple(range(len(grid.configurations)) if configurations is None else configurations)
    facts = {"names": list(grid.names), "values": [list(values) for values in grid.values], "num_runs_per_sample": 1}
    identity = StoreIdentity(
        model={"identity": "a" * 16, "family": "toy"},
        data={"name": "toy_vqa", "metric": "exact_match", "identity": "b" * 16},
        machine={"device": "a processor", "num_threads": 1, "dtype": "float32"},
        knobs=facts | {"configurations": list(allowed)} | knobs,
    )
    return StoreContents(
        identity=identity,
        grid=grid,
        configurations=allowed,
        keys=tuple(SampleKey("toy_vqa", str(image), f"q{image}") for image in IMAGES),
        questions=tuple(f"what is in {image}?" for image in IMAGES),
        reference=(0, 1),
        num_blocks=8,
        active_blocks={4: (0, 2, 4, 6), 8: tuple(range(8))},
        crops={"low": 1, "high": 4},
        settings={"model_path": "a/model", "dataset": "a/dataset"},
    )


def record(sample: int, accuracy: float = 1.0, latency_ms: float = 10.0, **fields: Any) -> dict[str, Any]:
    """What was measured of a sample, by its place in the store."""
    image = IMAGES[sample]
    metadata = {"image_id": image, "question_id": f"q{image}", "question": f"what is in {image}?", "answer": "8"}
    return {"sample_id": sample, "accuracy": accuracy, "T_total": latency_ms, "metadata": metadata} | fields


def full_store(folder: Path, **knobs: Any) -> MeasuredStore:
    """Each cell measured: the dearer, the slower and the better."""
    store = MeasuredStore.create(folder, contents(**knobs))
    for configuration in store.contents.configurations:
        accuracy, latency_ms = configuration / 8, 10.0 + configuration
        store.append(configuration, [record(sample, accuracy, latency_ms) for sample in range(len(IMAGES))])
    return store
