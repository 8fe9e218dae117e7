"""PROVENANCE.md beside a store: where its numbers come from, for whoever reads them later.

All but its last table is made anew of the store each time. The table has a line for each command that measured, so that
versions of libraries are told, which are no part of a store's identity.
"""

import importlib.metadata
import platform
import time
from collections import Counter
from pathlib import Path

import numpy as np

from results.files.atomic_write import write_atomically
from trainable.measuring.store import MeasuredStore
from trainable.profiles.image_split import SPLIT_NAMES, split_of_image
from trainable.questions.answer_metrics import ANSWER_METRICS
from trainable.system_errors import reading

PROVENANCE_FILE = "PROVENANCE.md"
PACKAGES = ("torch", "transformers", "numpy", "pillow")
_TABLE = "| when | cells | command | versions |\n| --- | ---: | --- | --- |"


def write_provenance(store: MeasuredStore, line: str, features: str) -> None:
    """Write the file, with a line for the command that has just measured.

    Args:
        line: that command. features: what the features cost, in a sentence.

    Raises:
        UserError: it cannot be written.
    """
    file = store.folder / PROVENANCE_FILE
    _, latency_ms = store.cells()
    measured = int(np.count_nonzero(~np.isnan(latency_ms)))
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    commands = [*_commands_before(file), f"| {when} | {measured:,} | `{line.replace('|', '&#124;')}` | {_versions()} |"]
    parts = (*_text(store, measured, features), "\n".join((_TABLE, *commands)))
    write_atomically(file, "\n\n".join(parts) + "\n")


def _commands_before(file: Path) -> list[str]:
    if not file.exists():
        return []
    with reading(file):
        text = file.read_bytes().decode(errors="replace")
    _, _, table = text.partition(_TABLE)
    return [line for line in table.splitlines() if line.startswith("| ")]


def _versions() -> str:
    return f"Python {platform.python_version()}, " + ", ".join(
        f"{name} {importlib.metadata.version(name)}" for name in PACKAGES
    )


def _text(store: MeasuredStore, measured: int, features: str) -> list[str]:
    contents = store.contents
    identity, knobs = contents.identity, contents.identity.knobs
    images = {key.image_id for key in contents.keys}
    grid = " x ".join(
        f"{name} {'/'.join(map(str, values))}"
        for name, values in zip(contents.grid.names, contents.grid.values, strict=True)
    )
    total = len(contents.keys) * len(contents.configurations)
    runs = knobs["num_runs_per_sample"]
    times = "once" if runs == 1 else f"{runs} times, of which the medians count"
    splits = Counter(split_of_image(key.image_id) for key in contents.keys)
    shares = ", ".join(f"{name} {splits[split]:,}" for split, name in enumerate(SPLIT_NAMES))
    metric = identity.data["metric"]
    facts = [
        f"Model: `{contents.settings['model_path']}`, family {identity.model['family']}, {contents.num_blocks} blocks; "
        f"hash of its files {identity.model['identity']}.",
        f"Data: `{contents.settings['dataset']}`; hash of questions, answers and images {identity.data['identity']}. "
        f"Answers are judged by {metric} ({ANSWER_METRICS[metric].source}). Questions by split (sha256 of image_id): "
        f"{shares}.",
        f"Machine: {identity.machine['device']}, {identity.machine['dtype']}, {identity.machine['num_threads']} CPU "
        "thread(s).",
        f"Answers: greedy, at most {knobs['max_new_tokens']} tokens, one question at a time.",
        _latencies(knobs["latency_source"]),
        f"Order in which blocks are left out: {', '.join(map(str, knobs['drop_order'])) or 'none is'}.",
        f"Measured first, under every configuration: {len(contents.reference)} training samples.",
        f"{features[:1].upper()}{features[1:]}.",
        *_extremes(store),
        f"Fingerprint of model, data, machine and knobs: {identity.fingerprint}.",
    ]
    return [
        f"# {contents.dataset}: where these numbers come from",
        f"Measured, not simulated: {len(contents.keys):,} questions about {len(images):,} images under "
        f"{len(contents.configurations)} configurations ({grid}), each {times}; {measured:,} of {total:,} cells are "
        "measured.",
        "\n".join(f"- {fact}" for fact in facts),
        "How far each command came, and with what:",
    ]


def _latencies(source: str) -> str:
    if source == "measured":
        return (
            "Latencies: vision, prefill and decode, each until the device had done; warmed up after every change of "
            "configuration; configurations interleaved in a fixed random order, so that drift hits all alike."
        )
    return f"Latencies: not measured here but taken from the {source}; accuracies are measured."


def _extremes(store: MeasuredStore) -> list[str]:
    """The cheapest, the dearest and the most accurate configuration, once all samples have them all."""
    if not store.is_complete():
        return []
    accuracy, latency_ms = store.cells()
    allowed = list(store.contents.configurations)
    accuracies, medians_ms = accuracy[:, allowed].mean(axis=0), np.median(latency_ms[:, allowed], axis=0)
    places = {"fastest": medians_ms.argmin(), "slowest": medians_ms.argmax(), "most accurate": accuracies.argmax()}
    told = "; ".join(
        f"{name} {_values(store, allowed[place])}: {accuracies[place]:.3f} in {medians_ms[place]:.3g} ms"
        for name, place in places.items()
    )
    return [f"Accuracy and median latency over all questions, {told}."]


def _values(store: MeasuredStore, configuration: int) -> str:
    return f"({', '.join(map(str, store.contents.grid.configurations[configuration]))})"
