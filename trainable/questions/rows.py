"""The rows of a dataset before anything is made of them, from a folder or a file of JSON lines.

<folder>/metadata.jsonl   a JSON object a line: `file_name` or `image`, the image's path from there; `question`;
                          `answers` or `answer`; and, where there are, `image_id`, `question_id`, `options` and
                          what else is to be known, such as `question_type`
<folder>/dataset.json     {"metric": ..., "name": ...}, if there is one
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainable.contract import UserError
from trainable.questions.picture import Picture
from trainable.system_errors import reading

METADATA_FILE = "metadata.jsonl"
SETTINGS_FILE = "dataset.json"
IMAGE_FIELDS = ("file_name", "image")


@dataclass(frozen=True)
class Row:
    """One question as its dataset has it."""

    place: str
    """Where a person finds it."""
    fields: Mapping[str, Any]
    """All but the image."""
    picture: Picture
    image_id: str
    """For an image that has none of its own."""


@dataclass(frozen=True)
class Source:
    """A dataset's rows."""

    name: str
    metric: str | None
    """By which its answers are to be compared, where it says so."""
    rows: list[Row]


def folder_source(folder: Path) -> Source:
    """A folder with metadata.jsonl.

    Raises:
        UserError: a file in it cannot be read or is not what it should be.
    """
    settings = _settings(folder / SETTINGS_FILE)
    return Source(settings.get("name", folder.resolve().name), settings.get("metric"), _rows(folder / METADATA_FILE))


def file_source(file: Path) -> Source:
    """A file of such lines, images relative to its folder.

    Raises:
        UserError: it cannot be read, or a line is not what it should be.
    """
    return Source(file.stem, None, _rows(file))


def _settings(file: Path) -> dict[str, str]:
    if not file.exists():
        return {}
    with reading(file):
        content = file.read_bytes()
    try:
        settings = json.loads(content)
    except ValueError as error:
        raise UserError(f"{file}: not readable as JSON ({error}); mend or remove it") from None
    known = ("metric", "name")
    if not isinstance(settings, dict) or not all(
        name in known and isinstance(value, str) for name, value in settings.items()
    ):
        raise UserError(f"{file}: it can hold a JSON object with {' and '.join(known)}, both texts; mend or remove it")
    return settings


def _rows(file: Path) -> list[Row]:
    with reading(file):
        lines = file.read_bytes().splitlines()
    return [_row(file, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def _row(file: Path, number: int, line: bytes) -> Row:
    place = f"{file} line {number}"
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{place}: not readable as JSON ({error}); mend or remove the line") from None
    if not isinstance(fields, dict):
        raise UserError(f"{place}: it is no JSON object with an image, a question and answers; mend or remove the line")
    path = next((fields[name] for name in IMAGE_FIELDS if fields.get(name)), None)
    if not isinstance(path, str) or "\0" in path:
        raise UserError(
            f"{place}: it names no image; give {' or '.join(IMAGE_FIELDS)}, its path seen from {file.parent}"
        )
    image = file.parent / path
    others = {name: value for name, value in fields.items() if name not in IMAGE_FIELDS}
    return Row(place, others, Picture(str(image), image.read_bytes), path)
