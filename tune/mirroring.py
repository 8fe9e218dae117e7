"""A sweep that is kept in a store, too: brought here where it goes on, followed while it runs, awaited at its end."""

import datetime
import os
import signal
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import ray
import yaml

from results.files.folder_lock import exclusive_lock
from results.mirror.arrival import agree, fetch_sweep, sealed_by_trial
from results.mirror.elsewhere import Elsewhere
from results.mirror.mirror import Mirror
from results.mirror.ownership import Driver, Ownership, note_runs_here, runs_here
from results.mirror.patience import Patience
from results.record.settings_file import read_settings
from results.storage.errors import StorageError
from results.storage.store import open_store
from trainable import contract
from trainable.contract import SettingError, UserError, shown_path
from tune.engine.signals import Interruption
from tune.planning.plan import Plan
from tune.request.settings import SweepSettings
from tune.screen import announce

LONGEST_WAIT_S = 600.0
LONGEST_WAIT_WHEN_STOPPED_S = 15.0
"""Whoever stops a sweep, as a batch system does, kills it soon."""


class KeptElsewhere:
    """A sweep's store, and this process's right to write to it."""

    def __init__(self, address: str, folder: Path, say: Callable[[str], object]) -> None:
        """
        Args:
            address: of the sweep.
            folder: where it lies on this machine, or will.

        Raises:
            UserError: nothing opens such an address.
        """
        self.store = open_store(address)
        self.folder, self._say = folder, say
        self._ownership, self._patience = Ownership(self.store, folder.name), Patience(say)

    def require_new(self) -> None:
        """Refuse to begin a sweep where there is one.

        Raises:
            UserError: it names that, or the store does not answer.
        """
        if self.store.exists(contract.SWEEP_FILE):
            raise SettingError(
                "name",
                f" {self.folder.name}: there is such a sweep at {self.store.address} already; take another name, or go "
                f"on with --resume {self.store.address}",
            )

    @contextmanager
    def driven(self) -> Iterator[None]:
        """Within the block this process, and no other on any machine, drives the sweep.

        Raises:
            UserError: another one does, or the store does not answer, or holds another sweep than the folder.
        """
        if self.folder.exists():
            self._require_same()
            note_runs_here(self.folder, *runs_here(self.folder), self._ownership.run)
        self._ownership.take(self._say)
        self._ownership.begin(self._patience, self._stop)
        try:
            yield
        finally:
            try:
                self._ownership.end()
            except StorageError as error:
                self._say(f"{error}. Another machine that goes on with the sweep will wait a moment first")

    @contextmanager
    def brought_here(self) -> Iterator[None]:
        """Within the block it is driven by this process, and its folder holds how it stands."""
        if self.folder.exists():
            with exclusive_lock(self.folder, f"sweep {self.folder.name}"):  # else whoever drives it here is waited for
                pass
        with self.driven():
            self._bring()
            yield

    def _bring(self) -> None:
        """Have the folder hold the sweep as it went on last, here or elsewhere.

        Raises:
            UserError: there is no such sweep, or the store or the disk refuses something.
        """
        last = self._ownership.before
        is_elsewhere = last is not None and last.run not in runs_here(self.folder)
        if self.folder.exists() and is_elsewhere:
            aside = self.folder.with_name(f"{self.folder.name}-until-{datetime.datetime.now():%Y%m%d-%H%M%S}")
            self.folder.rename(aside)
            self._say(
                f"Sweep {self.folder.name} has gone on elsewhere since ({last}); what lay here is {shown_path(aside)}"
            )
        if not self.folder.exists():
            self._say(f"Brings its records from {self.store.address} to {shown_path(self.folder)}")
            fetch_sweep(self.store, self.folder, self._ownership.run)
        note_runs_here(self.folder, self._ownership.run)

    @contextmanager
    def followed(self, settings: SweepSettings, interruption: Interruption) -> Iterator[None]:
        """Within the block the store follows the folder; it ends when it holds everything, or has been waited for.

        Raises:
            UserError: the store does not answer at the beginning.
        """
        there = self.store.list()
        agreed = agree(self.store, self.folder, sealed_by_trial(there), settings.objective, self._say)
        keeps_all = settings.upload_checkpoints == "all"
        mirror = Mirror(self.folder, self.store, self._patience, settings.objective, keeps_all, self._may_send, agreed)
        mirror.begin(there)
        limit_s = LONGEST_WAIT_WHEN_STOPPED_S
        try:
            yield
            limit_s = longest_wait_s(interruption)
        finally:
            before = interruption.signal
            lacking = mirror.wait_until_whole(limit_s, lambda: interruption.signal != before, lambda: 0, self._say)
            mirror.end()
            if lacking:
                self._say(
                    f"{self.store.address} lacks {lacking}{self._why()}; it gets that by: "
                    f"{announce.resume_command(self.folder)}"
                )

    def _why(self) -> str:
        return f" ({self._patience.refusal})" if self._patience.refusal else ""

    def _may_send(self) -> bool:
        return self._ownership.taken_by is None

    def _stop(self, driver: Driver) -> None:
        """End the sweep as a signal does: its records go on elsewhere."""
        self._say(f"Sweep {self.folder.name} was taken over by {driver} while its store could not be reached from here")
        os.kill(os.getpid(), signal.SIGTERM)

    def _require_same(self) -> None:
        """Raises UserError where the folder holds another sweep than the store: one would be written over."""
        if not self.store.exists(contract.SWEEP_FILE):
            return
        here = read_settings(self.folder / contract.SWEEP_FILE).get("identity")
        there = yaml.safe_load(self.store.get(contract.SWEEP_FILE)).get("identity")
        if here != there:
            raise UserError(
                f"{shown_path(self.folder)} holds another sweep than {self.store.address}; give --storage_path FOLDER, "
                "where that one is to lie on this machine"
            )


def longest_wait_s(interruption: Interruption) -> float:
    """For how long a sweep waits at its end for what is still on its way to its store."""
    return LONGEST_WAIT_WHEN_STOPPED_S if interruption.signal else LONGEST_WAIT_S


def elsewhere_of(plan: Plan) -> Elsewhere | None:
    """What trials on other nodes than this need; None for a sweep whose folder all nodes see."""
    settings = plan.settings
    if settings.store_address is None:
        return None
    return Elsewhere(
        open_store(settings.store_address),
        node=ray.get_runtime_context().get_node_id(),
        sweep=plan.origin.identity,
        run=uuid.uuid4().hex[:8],
        keeps_all=settings.upload_checkpoints == "all",
    )


def kept_elsewhere(address: str | None, folder: Path, say: Callable[[str], object]) -> KeptElsewhere | None:
    """None for a sweep that lies on this machine alone."""
    return KeptElsewhere(address, folder, say) if address else None
