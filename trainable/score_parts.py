"""What runs and baselines achieve, as a sweep's record and its checkpoints hold it: metrics, and more than they tell.

A score is taken apart by what is drawn as a whole when its interval is resampled. Parts come in the same order for
whatever is judged on the same data, so the difference of two scores has a paired interval: both are taken on the same
draw each time, and what makes an image hard for both does not widen it.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from trainable import contract

if TYPE_CHECKING:
    from pydantic import TypeAdapter

RESAMPLES = 2000
CONFIDENCE_PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True)
class Metric:
    """One number of every epoch, as people are to read it."""

    name: str
    """Its column in result.json, its tag in TensorBoard and its key at W&B: 'Val/Accuracy'. One line of text, and no
    column that a row has besides (`contract.OTHER_COLUMNS`)."""
    title: str = ""
    """What people call it, in the report: 'accuracy'. By default its name's last part, in words."""
    direction: Literal["", "max", "min"] = ""
    """Whether its 'max' or its 'min' is best; trials can be ranked by a metric that has one."""
    group: str = ""
    """The metrics whose curves stand beside its own in the sweep's view and report at W&B; by default those whose name
    has the same before its first slash, as W&B's own workspace and TensorBoard group them."""

    def __post_init__(self) -> None:
        title = self.name.rpartition("/")[2].replace("_", " ").strip().lower() or self.name
        object.__setattr__(self, "title", self.title or title)
        object.__setattr__(self, "group", self.group or self.name.partition("/")[0])


@dataclass(frozen=True)
class ScoreParts:
    """The objective is sum(sums) / sum(counts)."""

    unit: str
    """What one part is, as a noun: 'image'."""
    sums: tuple[float, ...]
    counts: tuple[float, ...]

    def __post_init__(self) -> None:
        if not 0 < len(self.sums) == len(self.counts):
            raise ValueError(f"parts of a score have {len(self.sums)} sums and {len(self.counts)} counts")


@dataclass(frozen=True)
class Figure:
    """A chart of the report, in which what the best checkpoints and the baselines achieve are lines."""

    name: str
    """By which curves belong to it."""
    title: str
    x_title: str
    y_title: str
    point_title: str = ""
    """What the points of its curves have in words: 'budget'."""
    reading: str = ""
    """What there is to see, in a sentence."""


@dataclass(frozen=True)
class Curve:
    """A line of a figure."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    points: tuple[str, ...] = ()
    """What each point is, in words: '20 ms'. Points of two curves that have the same words are of the same."""

    def __post_init__(self) -> None:
        if not len(self.x) == len(self.y) == (len(self.points) or len(self.x)):
            raise ValueError(f"a curve has {len(self.x)} x, {len(self.y)} y and {len(self.points)} points in words")


@dataclass(frozen=True)
class Details:
    """What was achieved in an epoch, in more detail than its metrics."""

    parts: ScoreParts | None = None
    """Of the objective; with them a gain has an interval."""
    curves: Mapping[str, Curve] = dataclasses.field(default_factory=dict)
    """By the name of their figure."""


def write_details(folder: Path, details: Details) -> None:
    """Put them beside what a checkpoint holds, as numbers of Python's whatever they were.

    Raises:
        TypeError: they hold what they cannot.
    """
    from pydantic import ValidationError  # not at the top, as numpy below

    if not isinstance(details, Details):
        raise TypeError(f"the run's details are {details!r:.40}, no Details")
    try:
        whole = _checking_details().validate_python(dataclasses.asdict(details))
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        place = ".".join(map(str, problem["loc"]))
        raise TypeError(f"the run's details: {place} is {problem['input']!r:.40}: {problem['msg']}") from None
    (folder / contract.DETAILS_FILE).write_text(json.dumps(dataclasses.asdict(whole)), encoding="utf-8")


def read_details(folder: Path) -> Details | None:
    """What `write_details` wrote, to the bit; None where there is no such file, or it is not whole."""
    try:
        content = json.loads((folder / contract.DETAILS_FILE).read_text(encoding="utf-8"))
        return _checking_details().validate_python(content)
    except (FileNotFoundError, ValueError):  # pydantic's is a ValueError
        return None


@cache
def _checking_details() -> "TypeAdapter[Details]":
    """Made once a process: to make one takes milliseconds."""
    from pydantic import TypeAdapter

    return TypeAdapter(Details)


@dataclass(frozen=True)
class Baseline:
    """What the objective is without any training, on validation, with its 95 % interval."""

    name: str
    value: float
    low: float
    high: float
    parts: ScoreParts | None = None
    curves: Mapping[str, Curve] = dataclasses.field(default_factory=dict)
    """By the name of their figure."""


@dataclass(frozen=True)
class Judged:
    """What a checkpoint achieves on data that it was neither trained nor chosen on."""

    metrics: Mapping[str, float]
    """By the names that they have in validation."""
    parts: ScoreParts | None = None
    """Of the objective; with them it has an interval."""
    baselines: tuple[Baseline, ...] = ()
    """On the same data."""


def interval(ours: ScoreParts, theirs: ScoreParts | None = None) -> tuple[float, float]:
    """Both ends of the 95 % interval of our score, or of ours minus theirs, by drawing whole parts.

    The percentile bootstrap (Efron and Tibshirani 1993, section 13.3); the same parts give the same interval.
    """
    import numpy as np  # not at the top: modules that only describe a run import this one

    judged = [ours, theirs] if theirs else [ours]
    sums, counts = (np.array([getattr(one, name) for one in judged]) for name in ("sums", "counts"))  # [1 or 2, parts]
    generator, number = np.random.default_rng(0), len(ours.sums)
    drawn = []
    for _ in range(RESAMPLES):
        times = np.bincount(generator.integers(number, size=number), minlength=number)  # how often each part is drawn
        scores = (sums @ times) / np.maximum(counts @ times, 1e-9)
        drawn.append(scores[0] - scores[1] if theirs else scores[0])
    low, high = np.percentile(drawn, CONFIDENCE_PERCENTILES)
    return float(low), float(high)
