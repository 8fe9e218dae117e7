"""Recorded training curves of the settings of a space: a compressed file of JSON lines, one setting a line."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parent.parent / "data"
DIGITS = 4

Config = dict[str, Any]
Curve = list[float]


@dataclass(frozen=True)
class Origin:
    """What the curves are of, and how they came about."""

    profile: str
    space: str
    metric: str
    num_epochs: int
    fingerprint: str
    """Of the profile, as a sweep records it."""
    how: str


@dataclass
class RecordedSetting:
    """One setting and its curve under each seed that it was trained with."""

    config: Config
    curves: dict[str, Curve] = field(default_factory=dict)
    """By seed; those of another recorder than the first bear its name: 'product 0'."""


@dataclass(frozen=True)
class Recording:
    origin: Origin
    settings: list[RecordedSetting]


def curves_file(profile: str, space: str) -> Path:
    return DATA / f"search_curves_{profile}_{space}.jsonl.gz"


def read_recording(file: Path) -> Recording:
    head, *lines = gzip.decompress(file.read_bytes()).decode().splitlines()
    return Recording(Origin(**json.loads(head)), [RecordedSetting(**json.loads(line)) for line in lines])


def write_recording(recording: Recording, file: Path) -> None:
    """Curves are rounded; the same recording gives the same bytes."""
    lines = [asdict(recording.origin), *map(_rounded, recording.settings)]
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    file.write_bytes(gzip.compress(text.encode(), mtime=0))


def _rounded(setting: RecordedSetting) -> dict[str, Any]:
    config = {name: _shortened(value) for name, value in setting.config.items()}
    return {"config": config, "curves": {seed: _round(curve) for seed, curve in setting.curves.items()}}


def _shortened(value: Any) -> Any:
    return float(f"{value:.6g}") if isinstance(value, float) else value


def _round(curve: Iterable[float]) -> Curve:
    return [round(score, DIGITS) for score in curve]
