"""Which trials' TensorBoard and W&B views hold everything: a mark beside each, made when the view was closed."""

from pathlib import Path

from trainable.system_errors import reading, writing


def mark_complete(trial_folder: Path, view: str, state: object) -> None:
    """`state`: what the view holds, such as the number of epochs."""
    mark = _mark(trial_folder, view)
    with writing(mark):
        mark.write_text(str(state), encoding="utf-8")


def unmark(trial_folder: Path, view: str) -> None:
    _mark(trial_folder, view).unlink(missing_ok=True)


def is_complete(trial_folder: Path, view: str, state: object) -> bool:
    mark = _mark(trial_folder, view)
    with reading(mark):
        return mark.exists() and mark.read_text(encoding="utf-8") == str(state)


def _mark(trial_folder: Path, view: str) -> Path:
    return trial_folder / f".{view}_epochs"
