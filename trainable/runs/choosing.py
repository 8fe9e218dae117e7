"""Kinds of run by the names that users give."""

import importlib

from trainable.contract import SettingError
from trainable.runs.protocol import RunKind

KINDS = {"joint_controller": "trainable.grpo.joint_controller:KIND"}


def find_run_kind(name: str) -> RunKind:
    """A kind of run by its name, or by `module:attribute`.

    Raises:
        UserError: there is none of that name.
    """
    module_name, _, attribute = KINDS.get(name, name).partition(":")
    if not attribute:
        raise SettingError(
            "run", f" {name!r}: no such run; it can be {', '.join(KINDS)} or module:attribute of your own"
        )
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        raise SettingError("run", f" {name!r}: {error}; put its folder on PYTHONPATH") from None
    if not hasattr(module, attribute):
        raise SettingError("run", f" {name!r}: module {module_name} has no {attribute!r}")
    kind: RunKind = getattr(module, attribute)
    return kind
