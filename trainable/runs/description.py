"""What the trials of a sweep run on, in words and numbers."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from trainable.contract import UserError
from trainable.runs.metrics import name_fault
from trainable.score_parts import Baseline, Metric


@dataclass(frozen=True)
class DataDescription:
    """What the trials run on. Scores of two sweeps are comparable where objective and fingerprint are the same."""

    summary: str
    fingerprint: str
    baselines: tuple[Baseline, ...] = ()
    inputs: str = ""
    """Of data that is more than what trials are scored on, the rest: where it differs, trials can be compared but are
    not of one training. Like the fingerprint it says what the data is, wherever it lies."""
    metrics: tuple[Metric, ...] = ()
    """What runs report besides the kind's own metrics because the data is what it is, such as a score of each dataset;
    trials are not ranked by it."""

    def require_same(self, recorded: Mapping[str, Any], flag: str, consequence: str) -> None:
        """Refuse to go on with other data than a record's.

        Args:
            recorded: what data.json holds; an older one lacks what is not compared then.

        Raises:
            UserError: it names the flag, both data and the consequence.
        """
        now = {"fingerprint": self.fingerprint, "inputs": self.inputs}
        for name, value in now.items():
            before = recorded.get(name) or value
            if before != value:
                raise UserError(
                    f"{flag}: this is not the data that it ran on ({name} {value}, {self.summary}; it was {before}, "
                    f"{recorded['summary']}){consequence}"
                )


def checked_description(description: Any) -> DataDescription:
    """What a kind's `describe` gave, once the record can hold it.

    Raises:
        UserError: it is something else, or has what is no text or no finite number where one belongs.
    """
    if not isinstance(description, DataDescription):
        raise UserError(f"the run's describe gave {description!r:.60}; it must give a DataDescription (trainable.runs)")
    for name in ("summary", "fingerprint", "inputs"):
        text = getattr(description, name)
        if not isinstance(text, str) or not (text or name == "inputs"):
            raise UserError(f"the run's describe gave {text!r:.60} as the data's {name}; it must be text")
    if not isinstance(description.baselines, (tuple, list)):
        raise UserError(f"the run's describe gave {description.baselines!r:.60} as the baselines; it must be a tuple")
    for baseline in description.baselines:
        if not isinstance(baseline, Baseline):
            raise UserError(f"the run's describe gave {baseline!r:.60} as a baseline; it must be a Baseline")
        for value in (baseline.value, baseline.low, baseline.high):
            if not isinstance(value, (int, float)) or not math.isfinite(value):
                where = f"in its baseline {baseline.name!r}"
                raise UserError(f"the run's describe gave {value!r:.60} {where}; it must be a finite number")
    for metric in description.metrics:
        if not isinstance(metric, Metric) or name_fault(metric.name):
            raise UserError(
                f"the run's describe gave {metric!r:.60} as a metric; it must be a Metric (trainable.runs), called as "
                "no other column"
            )
    try:
        json.dumps(asdict(description), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise UserError(
            f"the run's describe gave what its record cannot hold ({error}); give texts and finite numbers of Python's"
        ) from None
    return description
