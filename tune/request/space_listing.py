"""The search spaces that ship, on the screen: what each searches, what is believed of it, and what it does."""

from collections.abc import Iterator

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces import Prior
from search_spaces.choose import load_space, space_names
from search_spaces.reading.searched import SearchSpace
from trainable.runs.choosing import KINDS, find_run_kind
from trainable.settings.values import written
from trainable.settings_fields import Field, single_fields

MARK = "*"


def space_listing(run: str, given: str | None = None) -> str:
    """Lines for each space, marked where a kind of run has all that it searches.

    Args:
        run: the kind's name.
        given: a space that the user named besides, such as a file; it comes first.

    Raises:
        UserError: that one cannot be read.
    """
    lines = [f"Search spaces, for --search_space NAME. {MARK} fits --run {run}", ""]
    own = find_run_kind(run).search_space
    for name in dict.fromkeys([*([given] if given else []), own, *space_names()]):
        lines += [*_of_space(name, run), ""]
    lines += [
        "A prior says where good values are believed to lie, and how far from there (a share of the range; of choices,",
        "the probability of another one): --prior_trials are drawn from it before the sampler proposes.",
        "A space of your own is a .py file with SPACE, a dict of Optuna distributions or a function of a trial of its,",
        "and PRIOR if you have one, or a .yaml file: a line a hyperparameter, lr: {low: 1e-5, high: 1e-2, log: true}",
    ]
    return "\n".join(lines)


def _of_space(name: str, run: str) -> Iterator[str]:
    space, fields = load_space(name), single_fields(find_run_kind(run).settings_type)
    fits = space.distributions.keys() <= fields.keys()
    own = " (its own)" if find_run_kind(run).search_space == name else ""
    about = f": {space.about}" if space.about else ""
    yield f"{MARK if fits else ' '} {name}{own}{about}"
    if space.function:
        yield f"    a function of the trial; in {space.seen_in_draws} draws it was seen to draw from:"
    fields = fields if fits else _fields_of_others(space)
    rows = [
        (one, _searched(distribution), _believed(space.prior.get(one)), fields[one].help if one in fields else "")
        for one, distribution in space.distributions.items()
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    for row in rows:
        padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=False) if width]
        yield "    " + "  ".join([*padded, row[3]]).rstrip()


def _fields_of_others(space: SearchSpace) -> dict[str, Field]:
    """The settings of the first kind that ships and has all that is searched."""
    of_kinds = (single_fields(find_run_kind(kind).settings_type) for kind in KINDS)
    return next((fields for fields in of_kinds if space.distributions.keys() <= fields.keys()), {})


def _searched(distribution: BaseDistribution) -> str:
    if isinstance(distribution, CategoricalDistribution):
        return ", ".join(map(_shown, distribution.choices))
    assert isinstance(distribution, (FloatDistribution, IntDistribution))
    by = f" by {_shown(distribution.step)}" if distribution.step not in (None, 1) else ""
    return f"{_shown(distribution.low)} to {_shown(distribution.high)}{by}{', log' if distribution.log else ''}"


def _believed(prior: Prior | None) -> str:
    return f"prior {_shown(prior.centre)} (width {_shown(prior.width)})" if prior else ""


def _shown(value: object) -> str:
    return f"{value:.3g}" if isinstance(value, float) else written(value)
