"""What a sweep's trials are called at W&B, made before any of them runs: a name is a format that its kind declares."""

import dataclasses
from collections.abc import Iterator
from typing import Any

from optuna.distributions import FloatDistribution

from results.record.origin import new_origin
from results.record.space import Space, ends
from results.trackers.wandb_settings import LONGEST_NAME, filled_in
from trainable.contract import SettingError, UserError
from trainable.settings_fields import to_flat
from tune.request.settings import SweepSettings


def require_run_names(settings: SweepSettings, space: Space) -> None:
    """Refuse a kind of run some of whose trials would have no name, or none that W&B takes.

    Raises:
        SettingError: what is wrong with the format, and at which value.
    """
    template = settings.run_kind.run_name
    at_start = to_flat(settings) | dataclasses.asdict(new_origin(settings.name, "20260101-120000"))
    for place, values in (("", {}), *_searched(space)):
        try:
            name = filled_in(template, at_start | values)
        except UserError as error:
            raise _refused(settings, f"{template!r}{place}: {error}") from None
        if not name.strip():
            raise _refused(settings, f"{template!r}{place} is an empty name")
        if len(name) > LONGEST_NAME:
            raise _refused(
                settings, f"{template!r}{place} has {len(name)} characters and W&B takes {LONGEST_NAME}: {name}"
            )


def _searched(space: Space) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each end of what is searched, and of a range a value within, which may have more digits."""
    for name, distribution in space.items():
        values = list(ends(distribution))
        if isinstance(distribution, FloatDistribution):
            values.append(distribution.low + (distribution.high - distribution.low) / 3)
        for value in values:
            yield f" with {name} {value!r}", {name: value}


def _refused(settings: SweepSettings, what: str) -> SettingError:
    return SettingError("run", f" {settings.run!r}: its run_name {what}; mend it in the kind of run")
