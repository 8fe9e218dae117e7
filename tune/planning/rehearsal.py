"""What `check_run.py` is asked to try: a kind of run at the settings and with the search space of a sweep."""

from typing import Any

from ray import cloudpickle

from results.record.space import ends
from trainable.conformance.checks import Wanted
from tune.planning.command_line import Request
from tune.planning.plan import searched_space
from tune.planning.settings import from_flat

OF_THE_CHECK = ("num_threads", "device")
"""What Ray decides in a sweep."""


def wanted_rehearsal(given: dict[str, Any]) -> Wanted:
    """
    Args:
        given: by flag's name.

    Raises:
        UserError: a setting or the search space is of no use.
    """
    settings = from_flat({"name": "check"} | {name: given[name] for name in given if name not in OF_THE_CHECK})
    # What is searched may be given a value here: that at which everything else is tried.
    request = Request(None, {name: given[name] for name in given.keys() & {"search_space"}})
    space = searched_space(settings, request, print)
    return Wanted(
        settings.run,
        settings.run_settings,
        {name: ends(distribution) for name, distribution in space.items()},
        settings.seed,
        settings.num_epochs,
        given.get("num_threads", 1),
        given.get("device"),
        cloudpickle.dumps,
    )
