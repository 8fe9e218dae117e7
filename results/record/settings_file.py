"""Settings in a YAML file: read as somebody wrote them by hand, or as a sweep's record holds them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from trainable.contract import UserError
from trainable.system_errors import reading


class _AsWritten(yaml.BaseLoader):
    """Every value is text, as a flag's is, or None where there is none: what it means, its setting says.

    YAML would take `off` for false, 1e-3 for text, 010 for 8, 12:30 for 750, 2026-01-01 for a date, and of a name that
    is set twice the last value.
    """

    def construct_scalar(self, node: yaml.ScalarNode) -> Any:
        is_null = node.style is None and node.value in ("", "~", "null")
        return None if is_null else node.value

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        content: dict[Any, Any] = super().construct_mapping(node, deep)
        names = [key.value for key, _ in node.value]
        for index, (key, _) in enumerate(node.value):
            if key.value in names[:index]:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value} is set twice", key.start_mark)
        return content


def read_settings(file: Path) -> dict[str, Any]:
    """A sweep.yaml, with typed values.

    Raises:
        UserError: it is missing, no YAML, or no mapping of names to values.
    """
    return _read(file, yaml.SafeLoader)


def read_by_hand(file: Path) -> dict[str, Any]:
    """A file that a user wrote or edited: the text of every value, lists of texts, None for nothing.

    Raises:
        UserError: as `read_settings`, and where a name comes twice.
    """
    return _read(file, _AsWritten)


def _read(file: Path, loader: Any) -> dict[str, Any]:
    try:
        with reading(file):
            content = yaml.load(file.read_bytes(), loader)
    except yaml.MarkedYAMLError as error:
        where = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise UserError(f"{file}{where}: not readable as YAML ({_one_line(error.problem)}); mend it") from None
    except yaml.YAMLError as error:
        raise UserError(f"{file}: not readable as YAML ({_one_line(error)}); mend it") from None
    if not isinstance(content, Mapping) or not all(isinstance(key, str) for key in content):
        holds = "it holds nothing" if content is None else "it does not hold settings by name"
        raise UserError(f"{file}: {holds}; expected lines such as 'num_samples: 32', one per setting")
    return dict(content)


def _one_line(text: object) -> str:
    return " ".join(str(text).split())
