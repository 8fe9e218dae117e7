"""The search space of a sweep, each value of which a trial can have."""

from collections.abc import Callable

from results.record.space import ends
from search_spaces.choose import load_space
from search_spaces.reading.files import is_space_file
from search_spaces.reading.searched import SearchSpace
from trainable.contract import SettingError, UserError
from trainable.runs.code_faults import CodeFault
from trainable.settings_fields import Role, given_in, names_with, require_usable_paths, single_fields
from tune.planning.proposals import require_values_of
from tune.request.command_line import Request
from tune.request.settings import SweepSettings


def searched_space(settings: SweepSettings, request: Request, say: Callable[[str], object]) -> SearchSpace:
    """The search space, each value of which a trial can have.

    Raises:
        UserError: a name that is no hyperparameter of the run, a value out of its range, or one that was given is
            searched.
    """
    kind = settings.run_kind
    of_kind = ["search_space"] if settings.search_space == kind.search_space else []
    named = request.flags if request.is_record else request.given
    is_taken_over = "search_space" not in named and not of_kind
    with given_in(f"{settings.run}: its ", of_kind):
        require_usable_paths(settings)
        if is_taken_over and is_space_file(settings.search_space):
            say(f"Runs the search space's file, as it was recorded: {settings.search_space}")
        searched, given = load_space(settings.search_space), request.given
    of_data = names_with(Role.DATA, type(settings.run_settings))
    fields = single_fields(type(settings.run_settings))
    for name, distribution in searched.distributions.items():
        if name not in fields or name in of_data:
            known = [name for name in fields if name not in of_data]
            raise SettingError(
                "search_space",
                f" {settings.search_space}: {name!r} is no hyperparameter of {settings.run}; "
                f"it can be {', '.join(known)}",
            )
        if fields[name].is_required:
            raise SettingError(
                "search_space",
                f" {settings.search_space}: {name} has no default in {settings.run}, and what is searched starts from "
                "its default; declare one, or leave it out of the space",
            )
        if name in given:
            raise SettingError(
                name,
                f" is {given[name]}, but the search space {settings.search_space} searches {name}; leave it out, or "
                "give --search_space FILE.py with a SPACE that lacks it",
            )
        for value in ends(distribution):
            try:
                require_values_of(settings.run_settings, {name: value})
            except CodeFault:
                raise
            except UserError as error:
                raise SettingError(
                    "search_space", f" {settings.search_space}: {error}; mend its range or choices"
                ) from None
    return searched
