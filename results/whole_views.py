"""Which trials' TensorBoard and W&B views hold every epoch: a mark beside each, made when the view was closed."""

from pathlib import Path


def mark_whole(trial_folder: Path, view: str, epochs: int) -> None:
    _mark(trial_folder, view).write_text(str(epochs))


def is_whole(trial_folder: Path, view: str, epochs: int) -> bool:
    mark = _mark(trial_folder, view)
    return mark.exists() and mark.read_text() == str(epochs)


def _mark(trial_folder: Path, view: str) -> Path:
    return trial_folder / f".{view}_epochs"
