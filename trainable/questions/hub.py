"""Datasets of the library `datasets`: of a hub, of its cache, or a copy on this machine."""

import hashlib
import logging
import os
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from trainable.contract import UserError
from trainable.questions.picture import Picture
from trainable.questions.rows import Row, Source

SAVED_FILES = ("dataset_dict.json", "state.json")
"""Of which `save_to_disk` leaves one."""
IMAGE_COLUMN = "image"


def hub_source(dataset: str) -> Source:
    """A dataset by its name, or a folder with a copy.

    Args:
        dataset: `name`, `name:split` or `name:configuration:split`.

    Raises:
        UserError: the library is missing, or there is no such dataset or split, or no column of images.
    """
    if not find_spec("datasets"):
        raise UserError(
            f"--dataset {dataset}: there is no such folder or file, and for a hub's datasets the package `datasets` is "
            "missing; mend the path, or pip install datasets"
        )
    import datasets

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)  # or it tells each time that it asks a hub again
    name, *parts = _parts(os.path.expanduser(dataset))
    split = parts.pop() if parts else None
    try:
        table = _saved(name, split) if _is_saved(name) else _loaded(name, *parts, split=split)
    except (OSError, ValueError, RuntimeError, datasets.exceptions.DatasetsError) as error:
        raise UserError(
            f"--dataset {dataset}: it cannot be loaded ({_first_line(error)}); give a folder with metadata.jsonl, a "
            "file of JSON lines, or a dataset's name as name:split"
        ) from None
    if IMAGE_COLUMN not in table.column_names:
        raise UserError(
            f"--dataset {dataset}: it has no column {IMAGE_COLUMN!r}, only {', '.join(table.column_names)}; "
            "rename the column that holds the images"
        )
    return Source(Path(name).name, None, _rows(table, dataset))


def _parts(dataset: str) -> list[str]:
    """The name and what follows it; a folder's name may hold a colon."""
    if Path(dataset).is_dir():
        return [dataset]
    return dataset.rsplit(":", maxsplit=2)


def _is_saved(name: str) -> bool:
    return any((Path(name) / file).is_file() for file in SAVED_FILES)


def _saved(name: str, split: str | None) -> Any:
    import datasets

    saved = datasets.load_from_disk(name)
    if not isinstance(saved, datasets.DatasetDict):
        return saved
    return saved[_one_split(list(saved), split)]


def _loaded(name: str, *configuration: str, split: str | None) -> Any:
    import datasets

    split = split or _one_split(datasets.get_dataset_split_names(name, *configuration), None)
    return datasets.load_dataset(name, *configuration, split=split)


def _one_split(splits: list[str], wanted: str | None) -> str:
    if wanted is None and len(splits) == 1:
        return splits[0]
    if wanted not in splits:
        asked = f"it has no split {wanted!r}, only" if wanted else "say which of its splits, as name:split, of"
        raise ValueError(f"{asked} {', '.join(splits)}")
    return wanted


def _rows(table: Any, dataset: str) -> list[Row]:
    """Of a table whose images are not decoded."""
    import datasets

    images = table.select_columns([IMAGE_COLUMN]).cast_column(IMAGE_COLUMN, datasets.Image(decode=False))
    has_ids = "image_id" in table.column_names
    rows = []
    for index, fields in enumerate(table.remove_columns([IMAGE_COLUMN])):
        place = f"{dataset} row {index}"
        picture = Picture(place, partial(_data, images, index))
        image_id = "" if has_ids else _content_id(picture)
        rows.append(Row(place, fields, picture, image_id))
    return rows


def _data(images: Any, index: int) -> bytes:
    cell = images[index][IMAGE_COLUMN] or {}
    if cell.get("bytes"):
        data: bytes = cell["bytes"]
        return data
    if not cell.get("path"):
        raise OSError("the row has none")
    return Path(cell["path"]).read_bytes()


def _content_id(picture: Picture) -> str:
    """For images without ids, of which several rows may hold the same."""
    try:
        return hashlib.sha256(picture.data()).hexdigest()[:16]
    except OSError:
        return picture.place  # it is told with the other images that do not open


def _first_line(error: Exception) -> str:
    return " ".join(str(error).split("\n")[0].split())
