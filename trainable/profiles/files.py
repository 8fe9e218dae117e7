"""Reading the files of a profile: one JSON file per measured configuration, in one folder per dataset.

    <results_dir>/<dataset, '_' as '-'>/<task>_imgsizetier-<tier>_crops<n>_topk<k>_blocks<b>.json[.gz]

A knob's value inside a sample's record wins over the file's, the file's over the one in its `summary`, and that over
the one in the file's name. A number of null or 0 is no value: the model lacks that knob, as a dense one lacks top_k.
"""

import gzip
import json
import math
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainable.contract import UserError
from trainable.profiles.identities import identity, whole_characters
from trainable.terminal.text import one_line

KNOB_NAMES = ("tier", "top_k", "num_active_blocks")
STAGES = ("T_vision_total", "T_LLM_prefill", "T_LLM_decode")

SHORTEST_MS, LONGEST_MS = 1e-6, 1e9
"""A nanosecond and 11 days: beyond them is no latency in ms, and what is made of it overflows float32."""

_FILE_NAME = re.compile(
    r"(?P<task>.+)_imgsizetier-(?P<tier>.+)_crops(?P<crops>\d+)_topk(?P<top_k>\d+)_blocks(?P<num_active_blocks>\d+)"
    r"(?P<rank>_rank\d+)?\.json(\.gz)?"
)


@dataclass(frozen=True)
class SampleKey:
    """What makes a sample the same under every configuration."""

    dataset: str
    image_id: str
    question_id: str
    """Empty where neither a question id nor the sample's place in its batch is known."""


def natural_order(key: SampleKey) -> tuple[tuple[bool, int, str], ...]:
    """What samples are sorted by: numbers, which have no leading zeros, in the order of numbers, the rest of text."""
    return tuple(
        (not text.isdecimal(), len(text) if text.isdecimal() else 0, text)
        for text in (key.dataset, key.image_id, key.question_id)
    )


@dataclass(frozen=True)
class Measurement:
    """One sample under one configuration."""

    key: SampleKey
    own_ids: tuple[str, ...]
    """The ids in its metadata; `sample_id`, its place in a batch, stands for the others."""
    question: str
    knobs: tuple[str | int | None, ...]
    """In the order of KNOB_NAMES; None where the model lacks the knob."""
    accuracy: float
    latency_ms: float
    stages_ms: tuple[float, ...]
    """As in STAGES; 0 where the record has none."""

    @property
    def configuration(self) -> tuple[str | int, ...]:
        """The values of the knobs that the model has."""
        return tuple(value for value in self.knobs if value is not None)


def dataset_folders(results_dir: Path, dataset_names: tuple[str, ...]) -> dict[str, Path]:
    """Folder of each dataset, by its name with underscores; all that hold profile files when none is named.

    Raises:
        UserError: no such directory, no profile in it, no such dataset, two of one, or a name that cannot be shown.
    """
    if not os.path.isdir(results_dir):
        raise UserError(
            f"profile {results_dir}: there is no such directory; give --results_dir the folder that holds one folder "
            "per dataset"
        )
    found: dict[str, Path] = {}
    for folder in entries(results_dir):
        names = [file.name for file in entries(folder)] if os.path.isdir(folder) else []
        used = [folder.name, *filter(_FILE_NAME.fullmatch, names)]
        if len(used) == 1:
            continue
        if odd := [name for name in used if one_line(name) != name]:
            raise UserError(
                f"profile {results_dir}: the name {odd[0]!r} in it is not in UTF-8 or holds what cannot be shown; "
                "rename it"
            )
        name = folder.name.replace("-", "_")
        if name in found:
            raise UserError(
                f"profile {results_dir}: {found[name].name} and {folder.name} are one dataset, {name}; rename one"
            )
        found[name] = folder
    if not found:
        raise UserError(
            f"profile {results_dir}: no measured configuration in it; expected files such as "
            "<dataset>/<task>_imgsizetier-<tier>_crops<n>_topk<k>_blocks<b>.json"
        )
    wanted = [name.replace("-", "_") for name in dataset_names] or list(found)
    for name in wanted:
        if name not in found:
            raise UserError(
                f"profile {results_dir}: no dataset {name!r} in it; --dataset_names can be {', '.join(found)}"
            )
    return {name: found[name] for name in wanted}


def entries(folder: Path) -> list[Path]:
    """What lies in a folder, by name.

    Raises:
        UserError: it can't be read.
    """
    try:
        return sorted(folder.iterdir())
    except OSError as error:
        raise unreadable(folder, error) from None


def unreadable(path: Path, error: OSError) -> UserError:
    """Of what the system will not open."""
    return UserError(f"{path}: it can't be read ({error.strerror}); mend or remove it")


def profile_files(folder: Path) -> list[Path]:
    """The files to read: a merged file, or its ranks' where it was never merged."""
    merged, ranks = {}, []
    for file in entries(folder):
        if match := _FILE_NAME.fullmatch(file.name):
            if match["rank"]:
                ranks.append((file.name[: match.start("rank")], file))
            else:
                merged[file.name.removesuffix(".gz").removesuffix(".json")] = file
    return [*merged.values(), *(file for name, file in ranks if name not in merged)]


def read_measurements(dataset: str, file: Path) -> Iterator[Measurement]:
    """Every sample's measurement in one file.

    Raises:
        UserError: the file can't be read, is no JSON, not a profile's, or holds a number that no measurement gives.
    """
    content = _read_json(file)
    records = content.get("per_sample_results") if isinstance(content, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise UserError(f"{file}: not a profile: it has no list 'per_sample_results' of samples; remove the file")
    knobs_of_file = _knobs_of_file(file, content)
    for index, record in enumerate(records):
        try:
            yield _measurement(dataset, knobs_of_file, record)
        except (KeyError, TypeError, ValueError) as error:
            what = f"it has no {error}" if isinstance(error, KeyError) else str(error)
            raise UserError(
                f"{file}: sample {index} of per_sample_results is unusable: {what}; measure it again or remove the file"
            ) from None


def _read_json(file: Path) -> Any:
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise unreadable(file, error) from None
    try:
        return json.loads(gzip.decompress(raw) if file.suffix == ".gz" else raw)
    except (ValueError, EOFError, OSError, zlib.error, RecursionError) as error:
        raise UserError(f"{file}: not readable as JSON ({error}); copy or measure it again, or remove it") from None


def _knobs_of_file(file: Path, content: dict[str, Any]) -> dict[str, Any]:
    match = _FILE_NAME.fullmatch(file.name)
    assert match, file
    summary = content.get("summary") or [{}]
    older = summary[0] if isinstance(summary, list) and isinstance(summary[0], dict) else {}
    return {name: content.get(name, older.get(name, match[name])) for name in KNOB_NAMES}


def _measurement(dataset: str, knobs_of_file: dict[str, Any], record: dict[str, Any]) -> Measurement:
    metadata = record.get("metadata") or {}
    if not isinstance(metadata, dict):
        raise ValueError(f"metadata is {metadata!r:.40}, not a dict with image_id and question_id")
    batch_index = identity("sample_id", record.get("sample_id"))
    own = {name: identity(name, metadata.get(name)) for name in ("image_id", "question_id")}
    image_id, question_id = (text or batch_index for text in own.values())
    tier, *numbers = (record.get(name, knobs_of_file[name]) for name in KNOB_NAMES)
    latency_ms, stages_ms = _latency_ms(record)
    tier = identity("tier", tier)
    for name, text in (("metadata.image_id", image_id), ("tier", tier)):
        if not text:
            raise KeyError(name)
    return Measurement(
        key=SampleKey(dataset, image_id, question_id),
        own_ids=tuple(name for name, text in own.items() if text),
        question=whole_characters(str(metadata.get("question", ""))),
        knobs=(tier, *map(_whole_number, KNOB_NAMES[1:], numbers)),
        accuracy=_checked("accuracy", record["accuracy"], largest=1.0),
        latency_ms=latency_ms,
        stages_ms=stages_ms,
    )


def _latency_ms(record: dict[str, Any]) -> tuple[float, tuple[float, ...]]:
    """`T_total`, or the sum of the stages where it is absent or 0; and the stages."""
    total, *stages = (_checked(name, record.get(name) or 0.0, LONGEST_MS, " ms") for name in ("T_total", *STAGES))
    latency_ms = total or math.fsum(stages)
    if latency_ms < SHORTEST_MS:
        raise ValueError("no latency: T_total and its stages are absent or 0 ms")
    return latency_ms, tuple(stages)


def _whole_number(name: str, value: Any) -> int | None:
    """None of null and of 0."""
    number = _number(name, 0 if value is None else value)
    if not number.is_integer():
        raise ValueError(f"{name} is {value!r:.40}, not a whole number")
    return int(number) or None


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        raise ValueError(f"{name} is {value!r:.40}, not a number") from None


def _checked(name: str, value: Any, largest: float, unit: str = "") -> float:
    number = _number(name, value)
    if not 0.0 <= number <= largest:
        raise ValueError(f"{name} is {number:g}{unit}, not between 0 and {largest:g}{unit}")
    return number
