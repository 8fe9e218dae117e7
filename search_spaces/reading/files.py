"""Which files hold a search space. Imports nothing: settings ask it before Optuna is there."""

YAML_FILES = (".yaml", ".yml")


def is_space_file(name_or_file: str) -> bool:
    """Whether a search space is a file of the user's, not one that ships."""
    return name_or_file.endswith((".py", *YAML_FILES))
