"""Reading the files of a profile: one JSON file per measured configuration, in one folder per dataset.

    <results_dir>/<dataset, '_' as '-'>/<task>_imgsizetier-<tier>_crops<n>_topk<k>_blocks<b>.json[.gz]

A knob's value inside a sample's record wins over the file's, the file's over the one in its `summary`, and that over
the one in the file's name.
"""

import gzip
import json
import math
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainable.contract import UserError

KNOB_NAMES = ("tier", "top_k", "num_active_blocks")
STAGES = ("T_vision_total", "T_LLM_prefill", "T_LLM_decode")

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


@dataclass(frozen=True)
class Measurement:
    """One sample under one configuration."""

    key: SampleKey
    question: str
    knobs: tuple[str | int, ...]
    accuracy: float
    latency_ms: float


def dataset_folders(results_dir: Path, dataset_names: tuple[str, ...]) -> dict[str, Path]:
    """Folder of each dataset, by its name with underscores; all that hold profile files when none is named.

    Raises:
        UserError: no such directory, no profile in it, or no such dataset.
    """
    if not results_dir.is_dir():
        raise UserError(
            f"profile {results_dir}: there is no such directory; give --results_dir the folder that holds one folder "
            "per dataset"
        )
    found = {
        folder.name.replace("-", "_"): folder
        for folder in sorted(results_dir.iterdir())
        if folder.is_dir() and any(_FILE_NAME.fullmatch(file.name) for file in folder.iterdir())
    }
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


def profile_files(folder: Path) -> list[Path]:
    """The files to read: a merged file, or its ranks' where it was never merged."""
    merged, ranks = {}, []
    for file in sorted(folder.iterdir()):
        if match := _FILE_NAME.fullmatch(file.name):
            if match["rank"]:
                ranks.append((file.name[: match.start("rank")], file))
            else:
                merged[file.name.removesuffix(".gz").removesuffix(".json")] = file
    return [*merged.values(), *(file for name, file in ranks if name not in merged)]


def read_measurements(dataset: str, file: Path) -> Iterator[Measurement]:
    """Every sample's measurement in one file.

    Raises:
        UserError: the file is no JSON, not a profile's, or holds a number that no measurement gives.
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
        return json.loads(gzip.decompress(raw) if file.suffix == ".gz" else raw)
    except (ValueError, EOFError, OSError, zlib.error) as error:
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
    batch_index = record.get("sample_id")
    image_id = metadata.get("image_id", batch_index)
    if image_id is None:
        raise KeyError("metadata.image_id")
    question_id = metadata.get("question_id", "" if batch_index is None else batch_index)
    tier, *numbers = (record.get(name, knobs_of_file[name]) for name in KNOB_NAMES)
    return Measurement(
        key=SampleKey(dataset, str(image_id), str(question_id)),
        question=str(metadata.get("question", "")),
        knobs=(str(tier), *map(int, numbers)),
        accuracy=_checked("accuracy", float(record["accuracy"]), largest=1.0),
        latency_ms=_latency_ms(record),
    )


def _latency_ms(record: dict[str, Any]) -> float:
    """`T_total`, or the sum of the stages where it is absent or 0."""
    stages = [_checked(name, float(record.get(name) or 0.0)) for name in STAGES]
    latency_ms = _checked("T_total", float(record.get("T_total") or 0.0)) or math.fsum(stages)
    if latency_ms == 0.0:
        raise ValueError("no latency: T_total and its stages are absent or 0 ms")
    return latency_ms


def _checked(name: str, value: float, largest: float = math.inf) -> float:
    if not 0.0 <= value <= largest or math.isinf(value):
        wanted = f"between 0 and {largest:g}" if largest < math.inf else "a finite number of ms, 0 or more"
        raise ValueError(f"{name} is {value:g}, not {wanted}")
    return value
