"""Search spaces: each module holds SPACE, a dict from hyperparameter to Optuna distribution, and may hold PRIOR."""

from search_spaces.reading.prior import Prior

__all__ = ["Prior"]
