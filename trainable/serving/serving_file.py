"""serving.json beside an exported policy: what a server needs besides to hold the promises that were made of it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from trainable.contract import UserError
from trainable.serving.budget_map import BudgetMap
from trainable.system_errors import reading, writing

SERVING_FILE = "serving.json"


@dataclass(frozen=True)
class ServingFacts:
    """How the model is run for a policy, and what a budget means here."""

    drop_order: tuple[int, ...]
    """Blocks of the text model, the one that is left out first in front."""
    max_new_tokens: int
    """Of an answer."""
    num_threads: int | None
    """Of the CPU; None: as torch has it."""
    overhead_ms: float = 0.0
    """What a request spends before the model runs (features, decision, turning), taken off its budget: a median."""
    budget_map: BudgetMap | None = None
    """From ms here to those of the profile that the policy was trained on; None where they are the same."""

    def asked_ms(self, budget_ms: float) -> float:
        """The budget to ask the policy with, in its profile's ms, so that the whole request takes `budget_ms` here."""
        left_ms = max(budget_ms - self.overhead_ms, LEAST_MS)
        return self.budget_map.in_profile_ms(left_ms) if self.budget_map else left_ms


LEAST_MS = 1e-3
"""Asked where the overhead alone takes the budget: the policy then gives the fastest that it has."""


def write_facts(folder: Path, facts: ServingFacts) -> None:
    """
    Raises:
        DiskError: it cannot be written.
    """
    file = folder / SERVING_FILE
    with writing(file):
        file.write_text(json.dumps(asdict(facts), indent=2) + "\n", encoding="utf-8")


def read_facts(folder: Path) -> ServingFacts | None:
    """What `write_facts` wrote, or None where nothing was written.

    Raises:
        UserError: the file is damaged.
    """
    file = folder / SERVING_FILE
    if not file.exists():
        return None
    try:
        with reading(file):
            facts = json.loads(file.read_text(encoding="utf-8"))
        line = facts.pop("budget_map")
        budget_map = BudgetMap(tuple(line["here_ms"]), tuple(line["profile_ms"])) if line else None
        return ServingFacts(drop_order=tuple(facts.pop("drop_order")), budget_map=budget_map, **facts)
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(f"{file}: it is damaged ({error}); deploy the checkpoint again") from None
