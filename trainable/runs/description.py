"""What the trials of a sweep run on, in words and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from trainable.contract import UserError
from trainable.score_parts import Baseline


@dataclass(frozen=True)
class DataDescription:
    """What the trials run on. Scores of two sweeps are comparable where objective and fingerprint are the same."""

    summary: str
    fingerprint: str
    baselines: tuple[Baseline, ...] = ()
    inputs: str = ""
    """Of data that is more than what trials are scored on, the rest: where it differs, trials can be compared but are
    not of one training. Like the fingerprint it says what the data is, wherever it lies."""

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
