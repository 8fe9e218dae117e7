"""A profile that fills itself: what a run needs of a measured store, none of which depends on how full that is.

The budgets come from the reference samples alone, which are measured before any run, and every configuration of the
store may be chosen, measured or not. Letters: `S` samples, `C` configurations of the grid, `N` reference samples.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from trainable.contract import UserError, shown_path
from trainable.measuring.provenance import PROVENANCE_FILE
from trainable.measuring.store import MeasuredStore
from trainable.profiles.image_split import SPLIT_NAMES
from trainable.profiles.table import Profile
from trainable.profiles.workload import Workload


@dataclass(frozen=True)
class LiveProfile(Workload):
    """Every sample of a store under every configuration of it.

    Raises:
        UserError: as `Workload`.
    """

    measured_with: str
    """The fingerprint of the store's model, data, machine and knobs."""
    configurations: np.ndarray
    """Those of the grid that the store has, bool [C]"""
    reference_latency_ms: np.ndarray
    """Of the reference samples under each of these, float32 [N, ...]"""

    @classmethod
    def of_store(cls, store: MeasuredStore) -> "LiveProfile":
        """What a store is, once its reference samples are measured.

        Raises:
            UserError: they are not, or the store has no image to train or to validate on.
        """
        contents = store.contents
        _, latency_ms = store.cells()
        reference_latency_ms = latency_ms[np.ix_(contents.reference, contents.configurations)]
        if missing := int(np.isnan(reference_latency_ms).sum()):
            raise UserError(
                f"{store.folder}: {missing:,} cells of its reference samples are not measured yet, and budgets come "
                "from them; run profile_model.py --reference_only with the same settings"
            )
        return cls(
            results_dir=store.folder,
            grid=contents.grid,
            keys=contents.keys,
            questions=contents.questions,
            measured_with=contents.identity.fingerprint,
            configurations=contents.allowed,
            reference_latency_ms=reference_latency_ms,
        )

    @property
    def allowed(self) -> np.ndarray:
        """The same for every sample."""
        return np.broadcast_to(self.configurations, (len(self.keys), len(self.configurations)))

    @property
    def latencies_of_budgets_ms(self) -> np.ndarray:
        return self.reference_latency_ms

    @cached_property
    def fingerprint(self) -> str:
        """A name for what is measured, on which machine, and the budgets; not for how much has been measured."""
        budgets = np.ascontiguousarray(self.budget_grid_ms).tobytes()
        return hashlib.sha256(self.measured_with.encode() + budgets).hexdigest()[:16]


@dataclass(frozen=True)
class MeasuredPart(Profile):
    """What a store held of a live profile when it was read, as a table under that one's budgets."""

    live: LiveProfile
    rows: np.ndarray
    """Which of its samples: those that have been measured under some configuration, int64 [S]"""

    @property
    def latencies_of_budgets_ms(self) -> np.ndarray:
        return self.live.latencies_of_budgets_ms

    @cached_property
    def fingerprint(self) -> str:
        return self.live.fingerprint

    def not_measured(self, split: int) -> str:
        """How much of a split the store lacks, and what measures it, in words; nothing where it lacks nothing."""
        possible = int(self.live.allowed[self.live.samples(split)].sum())
        missing = possible - int(self.measured[self.samples(split)].sum())
        if not missing:
            return ""
        return (
            f"{missing:,} of {possible:,} {SPLIT_NAMES[split]} cells are not measured; the command in "
            f"{shown_path(self.results_dir / PROVENANCE_FILE)} measures them, without --reference_only"
        )


def measured_part(store: MeasuredStore) -> MeasuredPart:
    """What a store holds now.

    Raises:
        UserError: as `LiveProfile.of_store`.
    """
    live = LiveProfile.of_store(store)
    accuracy, latency_ms = store.cells()
    rows = np.flatnonzero((~np.isnan(latency_ms)).any(axis=1))
    return MeasuredPart(
        results_dir=live.results_dir,
        grid=live.grid,
        keys=tuple(live.keys[row] for row in rows),
        questions=tuple(live.questions[row] for row in rows),
        accuracy=accuracy[rows],
        latency_ms=latency_ms[rows],
        live=live,
        rows=rows,
    )
