"""The winner on test data, which no trial has seen: judged once, at the end of a sweep, and recorded in test.json."""

import dataclasses
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from results.files.atomic_write import read_json, write_json
from results.files.required import require
from trainable import contract
from trainable.score_parts import Judged


@dataclass(frozen=True)
class OnTestData:
    """One checkpoint, and what came of it."""

    trial: int
    epoch: int
    fingerprint: str
    """Of the data that the sweep ran on."""
    judged: Judged | None
    """None where the kind of run could not judge it: its data has no test split, or that is not measured."""


def write_on_test_data(folder: Path, tested: OnTestData) -> None:
    """Into a sweep's folder, over what was there of an earlier winner."""
    write_json(folder / contract.TEST_FILE, dataclasses.asdict(tested))


def read_on_test_data(folder: Path) -> OnTestData | None:
    """Of a sweep's folder; None where nothing has been judged.

    Raises:
        UserError: the file holds something else.
    """
    file = folder / contract.TEST_FILE
    content = read_json(file)
    if not content:
        return None
    require(file, content, OnTestData)
    return TypeAdapter(OnTestData).validate_python(content)
