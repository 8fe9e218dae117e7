"""Reads the history of an offline W&B run from its .wandb file: LevelDB log blocks that hold protobuf records."""

import base64
import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record

FILE_HEADER, BLOCK, CHUNK_HEADER = 7, 32768, 7
FULL, FIRST, MIDDLE, LAST = 1, 2, 3, 4


def offline_runs(trial_folder: Path) -> list[Path]:
    return sorted(trial_folder.glob("wandb/offline-run-*/*.wandb"))


def records(file: Path) -> Iterator[Record]:
    data, place, whole = file.read_bytes(), FILE_HEADER, b""
    while place + CHUNK_HEADER <= len(data):
        left = BLOCK - place % BLOCK
        if left < CHUNK_HEADER:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + CHUNK_HEADER])
        whole += data[place + CHUNK_HEADER : place + CHUNK_HEADER + length]
        place += CHUNK_HEADER + length
        if kind in (FULL, LAST):
            record = Record()
            record.ParseFromString(whole)
            whole = b""
            yield record


def history(file: Path) -> list[dict[str, Any]]:
    """Every logged row, in the order of the file."""
    return [
        {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
        for record in records(file)
        if record.WhichOneof("record_type") == "history"
    ]


def run_record(file: Path) -> Any:
    """The run's name, group, project, job type and config."""
    return next(record.run for record in records(file) if record.WhichOneof("record_type") == "run")


def run_config(file: Path) -> dict[str, Any]:
    """As it began, and as its updates left it."""
    updates = [record.config for record in records(file) if record.WhichOneof("record_type") == "config"]
    items = [item for config in (run_record(file).config, *updates) for item in config.update]
    return {item.key: json.loads(item.value_json) for item in items}


def summary(file: Path) -> dict[str, Any]:
    """The run's summary, as its updates left it."""
    result: dict[str, Any] = {}
    for record in records(file):
        if record.WhichOneof("record_type") == "summary":
            for item in record.summary.update:
                result[item.key or "/".join(item.nested_key)] = json.loads(item.value_json)
    return result


def files_with(text: bytes, folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file() and text in file.read_bytes()]


def files_with_key(key: str, folder: Path) -> list[Path]:
    """Those that hold it as it is, or as W&B's client shows it to a server."""
    return files_with(key.encode(), folder) + files_with(base64.b64encode(f"api:{key}".encode()), folder)
