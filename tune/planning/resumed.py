"""The plan of a sweep that goes on: its own settings, with the changes that a resume may make."""

import dataclasses
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

from results.record.finding import find_sweep, latest_sweep
from results.record.settings_file import read_settings
from results.record.space import Space
from results.record.sweeps import read_sweep
from results.record.warm_start import read_warm_start
from search_spaces.reading.searched import SearchSpace
from trainable import contract
from trainable.contract import SettingError, shown_path
from trainable.flags import as_flag
from trainable.runs.choosing import may_have_moved
from trainable.settings_fields import Change, Role, changes, given_in, names_with
from trainable.user_paths import is_address, read_address
from tune.planning.plan import (
    MIXED_DATA,
    Plan,
    checked_plan,
    completed,
    require_possible_start,
    storage_of,
    taken_over,
)
from tune.planning.proposals import require_trainable
from tune.planning.recorded_prior import read_prior
from tune.planning.searched_space import searched_space
from tune.request.command_line import LATEST, Request
from tune.request.provenance import source_changes, sources
from tune.request.settings import PLAIN_NAME, SweepSettings, from_flat


def folder_to_resume(request: Request) -> Path:
    """Where the sweep lies on this machine, or will, once it has been brought here."""
    storage, wanted = storage_of(request.given), str(request.resume)
    if wanted == LATEST:
        return latest_sweep(storage)
    if is_address(wanted):
        return storage / wanted.rpartition("/")[2]
    if request.given.get("mirror") and PLAIN_NAME.fullmatch(wanted) and not (storage / wanted).exists():
        return storage / wanted
    return find_sweep(wanted, storage)


def address_to_resume(request: Request, folder: Path) -> str | None:
    """Of the sweep in its store; None where it has none, or is to have none any more."""
    if "mirror" in request.given:
        mirror = request.given["mirror"]
    else:
        mirror = read_settings(folder / contract.SWEEP_FILE).get("mirror")
    return f"{read_address(mirror, 'mirror')}/{folder.name}" if mirror else None


def plan_resumed(request: Request, folder: Path, say: Callable[[str], object] = print) -> tuple[Plan, list[str]]:
    """The sweep's own settings with the changes that were asked for, and these in words.

    Args:
        say: called with a sentence before code runs that no flag names.

    Raises:
        UserError: a change that would mix trials which cannot be compared, or other data than the sweep's.
    """
    record, given = read_sweep(folder), request.given
    recorded = taken_over(record.settings) | {"name": folder.name}
    moved = _moved_run(recorded["run"], given.get("run", recorded["run"]), folder)
    recorded |= {"run": given["run"]} if moved else {}
    with given_in(f"{shown_path(folder / contract.SWEEP_FILE)}: ", recorded.keys() - given.keys()):
        before = from_flat(recorded)
        settings = from_flat(recorded | given | {"storage_path": str(folder.parent)})
    searched = SearchSpace(record.space) if settings.confirm else searched_space(settings, request, say)
    if not settings.confirm and "search_space" not in given:
        searched = dataclasses.replace(searched, prior=read_prior(folder, searched))
    space = searched.distributions
    to_run = [t for t in record.trials if not t.finished or (request.retry_errored and t.failure)]
    require_trainable(to_run, settings.run_settings)
    if not record.proposed:
        require_possible_start(settings, space)
    changed = [change for change in changes(before, settings) if change.name not in record.space]
    for change in changed:
        _require_allowed(change, folder, settings)
    plan = dataclasses.replace(
        checked_plan(settings, record.origin, searched),
        warm=read_warm_start(folder),
        params={
            trial.number: completed(trial.config, space, before)
            for trial in record.trials
            if not space.keys() <= trial.config.keys()
        },
        recorded_data=record.data,
    )
    plan.description.require_same(record.data, f"--resume {folder.name}", MIXED_DATA)
    in_words = [f"{change.name}: {change.before} -> {change.after}" for change in changed]
    in_words += moved + source_changes(record.environment, sources(settings.run, settings.sampler))
    return plan, in_words + _space_changes(record.space, space, before, settings)


def _moved_run(recorded: str, given: str, folder: Path) -> list[str]:
    """In a sentence, where the file that the run lies in is now.

    Raises:
        SettingError: it is another run.
    """
    if given == recorded:
        return []
    if not may_have_moved(recorded, given):
        raise _not_comparable("run", recorded, given, folder)
    return [f"run: {recorded} -> {given}"]


def _not_comparable(name: str, before: Any, after: Any, folder: Path) -> SettingError:
    return SettingError(
        name,
        f" {after} is not what the trials of --resume {folder.name} ran with ({before}), and trials of both could not "
        "be compared; begin a new sweep with "
        + shlex.join(["--config", shown_path(folder / contract.SWEEP_FILE), *as_flag(name, after)]),
    )


def _require_allowed(change: Change, folder: Path, settings: SweepSettings) -> None:
    """Raises UserError on a change that a resume cannot make."""
    if change.name == "warm_start":
        raise SettingError(
            change.name,
            f" cannot be given with --resume {folder.name}: a sweep takes of others, itself not among them, when it "
            "begins; give it to a new one",
        )
    if not change.allowed:
        raise _not_comparable(change.name, change.before, change.after, folder)
    if settings.confirm and change.name in names_with(Role.SEARCH, SweepSettings):
        raise SettingError(
            change.name,
            f" {change.after} cannot be given with --resume {folder.name}: it confirms settings under given seeds, and "
            f"all its trials are known; begin another with --confirm {shlex.quote(settings.confirm)} --seed N "
            "--confirm_seeds M",
        )


def _space_changes(recorded: Space, now: Space, before: SweepSettings, settings: SweepSettings) -> list[str]:
    """What has changed in the search space itself, by another one or by an edit of its file.

    The earliest sweeps recorded none, so nothing is known of theirs.
    """

    def words(space: Space, name: str, of_sweep: SweepSettings) -> str:
        return str(space.get(name) or f"fixed at {getattr(of_sweep.run_settings, name, None)}")

    return [
        f"search_space: {name} {words(recorded, name, before)} -> {words(now, name, settings)}"
        for name in dict.fromkeys([*recorded, *now])
        if recorded and recorded.get(name) != now.get(name)
    ]
