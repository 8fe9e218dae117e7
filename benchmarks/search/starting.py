"""The starting values of a space: what every sweep is measured by."""

from collections.abc import Mapping
from typing import Any

from trainable.grpo.settings import GRPOSettings


def starting_values(space: Mapping[str, Any]) -> dict[str, Any]:
    return {name: getattr(GRPOSettings(), name) for name in space}
