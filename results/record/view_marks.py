"""Which trials' TensorBoard and W&B views hold everything: a mark beside each, made when the view was closed."""

from pathlib import Path


def mark_whole(trial_folder: Path, view: str, state: object) -> None:
    """`state`: what the view holds, such as the number of epochs."""
    _mark(trial_folder, view).write_text(str(state))


def is_whole(trial_folder: Path, view: str, state: object) -> bool:
    mark = _mark(trial_folder, view)
    return mark.exists() and mark.read_text() == str(state)


def _mark(trial_folder: Path, view: str) -> Path:
    return trial_folder / f".{view}_epochs"
