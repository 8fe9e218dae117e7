"""What `check_run.py` is asked to try: a kind of run at the settings and with the search space of a sweep."""

from typing import Any

from ray import cloudpickle

from results.record.space import ends
from trainable.conformance.checks import Wanted
from tune.planning.run_names import require_run_names
from tune.planning.searched_space import searched_space
from tune.request.command_line import Request
from tune.request.settings import AUTO, from_flat


def wanted_rehearsal(given: dict[str, Any]) -> Wanted:
    """
    Args:
        given: by flag's name.

    Raises:
        UserError: a setting or the search space is of no use.
    """
    settings = from_flat({"name": "check"} | given)
    # What is searched may be given a value here: that at which everything else is tried.
    request = Request(None, {name: given[name] for name in given.keys() & {"search_space"}})
    space = searched_space(settings, request, print).distributions
    require_run_names(settings, space)
    return Wanted(
        settings.run,
        settings.run_settings,
        {name: ends(distribution) for name, distribution in space.items()},
        settings.seed,
        settings.num_epochs,
        settings.cpus_per_trial,
        None if settings.gpus_per_trial == AUTO else settings.gpus_per_trial,
        settings.precision,
        cloudpickle.dumps,
    )
