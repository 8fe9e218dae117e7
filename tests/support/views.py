"""Reads back what TensorBoard and W&B would show of a trial, with their own readers."""

import json
import math
from pathlib import Path
from typing import Any

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from wandb_file import history, offline_runs

from results.record.trial.log import read_rows, read_samples


def tensorboard_curves(trial: Path) -> dict[str, list[tuple[int, float]]]:
    """Every scalar tag's (step, value) pairs."""
    events = EventAccumulator(str(trial), {"scalars": 0})
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def tensorboard_texts(trial: Path) -> dict[int, str]:
    """What the text tab is given of the run's samples, by step."""
    events = EventAccumulator(str(trial), {"tensors": 0})
    events.Reload()
    (tag,) = events.PluginTagToContent("text")
    return {event.step: event.tensor_proto.string_val[0].decode() for event in events.Tensors(tag)}


def wandb_tables(trial: Path) -> dict[int, dict[str, Any]]:
    """Tables of the trial's one offline run, by step, from the files that its rows name."""
    (run,) = offline_runs(trial)
    named = {row["_step"]: row["samples/path"] for row in history(run) if "samples/path" in row}
    return {step: json.loads((run.parent / "files" / path).read_bytes()) for step, path in named.items()}


def recorded_tables(trial: Path) -> dict[int, dict[str, Any]]:
    """The record's samples as W&B's tables hold them, of the epochs that improve the quadratic run and of the last."""
    best, shown = -math.inf, set()
    for row in read_rows(trial):
        if row["Val/Height"] > best or row["done"]:
            shown.add(row["training_iteration"])
        best = max(best, row["Val/Height"])
    return {
        epoch: {"columns": [*samples[0]], "data": [[*sample.values()] for sample in samples]}
        for epoch, samples in read_samples(trial).items()
        if epoch in shown
    }


def wandb_steps(trial: Path) -> list[int]:
    """Steps of the trial's one offline run, in the order in which they were logged."""
    (run,) = offline_runs(trial)
    return [row["_step"] for row in history(run)]
