"""Whether something is a kind of run, and says all that a sweep must know, before anything starts."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from trainable.contract import PRECISIONS, SettingError
from trainable.runs.metrics import name_fault
from trainable.runs.protocol import RunKind
from trainable.score_parts import Figure, Metric

_PLAIN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_TEXTS = ("name", "search_space", "run_name", "objective", "trade_off", "wandb_project")
_MAY_BE_EMPTY = ("trade_off",)
_LISTS = {"metrics": Metric, "figures": Figure, "packages": str, "precisions": str}
_SCRIPTS = ("train_script", "evaluate_script")
_SWITCHES = ("uses_torch", "reuses_worker")


def validated(kind: Any, named: str) -> RunKind:
    """The kind, once nothing is wrong with it.

    Args:
        named: what it is called, for the error.

    Raises:
        SettingError: the first fault.
    """
    if not isinstance(kind, RunKind):
        raise SettingError("run", f"{named} is {_what_it_is_instead(kind)}")
    for fault in _faults(kind):
        raise SettingError("run", f"{named}: {fault}")
    return kind


def _what_it_is_instead(kind: Any) -> str:
    if isinstance(kind, type) and issubclass(kind, RunKind):
        return f"the class {kind.__name__}, and a kind of run is an instance of it; write {kind.__name__}()"
    lacking = [name for name in _required() if not hasattr(kind, name)]
    lacks = f"; it lacks {', '.join(lacking)}" if lacking else ""
    what = f"the class {kind.__name__}" if isinstance(kind, type) else f"of type {type(kind).__name__}"
    return f"{what}, and no kind of run; derive its class from trainable.runs.RunKind{lacks}"


def _required() -> list[str]:
    """What every kind must say: its attributes without a default, and its abstract methods."""
    attributes = [name for name in RunKind.__annotations__ if not hasattr(RunKind, name)]
    return [*attributes, *sorted(RunKind.__abstractmethods__)]


def _faults(kind: RunKind) -> Iterator[str]:
    if lacking := [name for name in _required() if not hasattr(kind, name)]:
        yield f"it lacks {', '.join(lacking)}, which trainable/runs/protocol.py explains; add that to its class"
        return
    yield from _faults_of_types(kind)
    if not _PLAIN_NAME.fullmatch(kind.name):
        yield f"its name is {kind.name!r}; use letters, digits, '.', '_' and '-', beginning with a letter or digit"
    if kind.search_space.endswith(".py") and not Path(kind.search_space).is_absolute():
        yield (
            f"its search_space is {kind.search_space!r}, which depends on where one stands; write "
            f"str(Path(__file__).with_name({kind.search_space!r}))"
        )
    if unknown := [precision for precision in kind.precisions if precision not in PRECISIONS]:
        yield f"its precisions hold {unknown[0]!r:.60}; they can be {', '.join(PRECISIONS)}"
    yield from _faults_of_metrics(kind)
    yield from _twice("figures", [figure.name for figure in kind.figures])


def _faults_of_types(kind: RunKind) -> Iterator[str]:
    for name in _TEXTS:
        value = getattr(kind, name)
        if not isinstance(value, str) or not (value or name in _MAY_BE_EMPTY):
            yield f"its {name} is {value!r:.60}; it must be text"
    for name, item_type in _LISTS.items():
        value = getattr(kind, name)
        is_list = isinstance(value, Sequence) and not isinstance(value, str)
        if not is_list or not all(isinstance(item, item_type) and item for item in value):
            yield f"its {name} is {value!r:.60}; it must be a tuple, each item of it of type {item_type.__name__}"
    for name in _SWITCHES:
        value = getattr(kind, name)
        if not isinstance(value, bool):
            yield f"its {name} is {value!r:.60}; it must be True or False"
    for name in _SCRIPTS:
        value = getattr(kind, name)
        if value is not None and not isinstance(value, str):
            yield f"its {name} is {value!r:.60}; it must be a script's path, or None"


def _faults_of_metrics(kind: RunKind) -> Iterator[str]:
    names = [metric.name for metric in kind.metrics]
    for metric in kind.metrics:
        if fault := name_fault(metric.name):
            yield f"a metric of it is called {metric.name!r:.60}; {fault}"
            return
        if metric.direction not in ("", "max", "min"):
            yield f"the direction of its metric {metric.name} is {metric.direction!r:.60}; it can be 'max' or 'min'"
    yield from _twice("metrics", names)
    for attribute in ("objective", "trade_off"):
        name = getattr(kind, attribute)
        if name and name not in kind.modes:
            known = "has no direction; give it 'max' or 'min'" if name in names else f"is not among {', '.join(names)}"
            yield f"its {attribute} is {name!r}, which as a metric of it {known}"


def _twice(attribute: str, names: list[str]) -> Iterator[str]:
    if twice := [name for name in dict.fromkeys(names) if names.count(name) > 1]:
        yield f"its {attribute} hold {', '.join(map(repr, twice))} twice; give each a name of its own"
