"""How values read on a screen."""


def shown_value(value: object) -> str:
    """A hyperparameter to three significant digits."""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
