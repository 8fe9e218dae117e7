"""A warm start, planned: earlier sweeps are found and read; what is taken of them is settled before anything runs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from results.mirror.reading import find_record
from results.record.sweeps import SweepRecord, read_sweep
from results.record.warm_start import WarmStart
from search_spaces.reading.searched import SearchSpace
from trainable.contract import SettingError, UserError
from trainable.runs import DataDescription
from trainable.runs.choosing import may_have_moved
from trainable.settings.values import plain
from trainable.settings_fields import Role, roles_by_name, single_fields, to_flat
from tune.request.settings import SweepSettings
from tune.searching.warm import NewSweep, warm_start


def earlier_sweeps(settings: SweepSettings) -> list[SweepRecord]:
    """The sweeps that a new one is to learn from, each once.

    Raises:
        SettingError: there is no such sweep, its store does not answer, or its record cannot be read.
    """
    folders: dict[Path, SweepRecord] = {}
    for sweep in settings.warm_start:
        try:
            storage = Path(settings.storage_path)
            folder = find_record(sweep, storage, samples=False, kept_besides=settings.mirror)
            folders[folder] = read_sweep(folder)
        except UserError as error:
            raise SettingError("warm_start", f": {error}") from None
    return list(folders.values())


def planned_warm_start(
    earlier: Sequence[SweepRecord],
    settings: SweepSettings,
    description: DataDescription,
    searched: SearchSpace,
    starting_values: Mapping[str, Any],
    why_refused: Callable[[Mapping[str, Any]], str],
) -> WarmStart:
    """What a new sweep takes of earlier ones."""
    roles, of_sweep = roles_by_name(settings), to_flat(settings)
    training = {name: value for name, value in of_sweep.items() if Role.TRAINING in roles[name]}
    fields = single_fields(type(settings.run_settings)).values()
    new = NewSweep(
        objective=settings.objective,
        fingerprint=description.fingerprint,
        inputs=description.inputs,
        training=training | dict(starting_values),
        defaults={field.name: plain(field.default) for field in fields if not field.is_required},
        searched=tuple(searched.distributions),
        holds=lambda hyperparameters: _holds(searched, hyperparameters),
        is_same_run=lambda run: run == settings.run or may_have_moved(run, settings.run),
        why_refused=why_refused,
    )
    return warm_start(earlier, new)


def _holds(searched: SearchSpace, hyperparameters: Mapping[str, Any]) -> bool:
    """Of a space that is a function, whether it comes to them at all: what it asks for depends on the trial."""
    known = searched.known(hyperparameters)[0]
    return bool(known) if searched.function else known.keys() == searched.distributions.keys()
