"""What somebody believes of a hyperparameter before any trial: where good values lie, and how sure of that they are."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Prior:
    """A belief about one hyperparameter; the first proposals are drawn from it, and those after them need not obey it.

    Drawn are, of a range, values of a normal distribution on the range's own scale (the logarithm's, where that is
    searched), none beyond its ends; of choices, the centre, or with the probability `width` any other one.
    """

    centre: bool | int | float | str | None
    """The value, or the choice, that is thought best."""
    width: float
    """Of a range: the standard deviation, as a share of the range on its scale. Of choices: the probability that it is
    another one."""
