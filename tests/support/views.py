"""Reads back what TensorBoard and W&B would show of a trial, with their own readers."""

from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from wandb_file import history, offline_runs


def tensorboard_curves(trial: Path) -> dict[str, list[tuple[int, float]]]:
    """Every scalar tag's (step, value) pairs."""
    events = EventAccumulator(str(trial), {"scalars": 0})
    events.Reload()
    return {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}


def wandb_steps(trial: Path) -> list[int]:
    """Steps of the trial's one offline run, in the order in which they were logged."""
    (run,) = offline_runs(trial)
    return [row["_step"] for row in history(run)]
