"""Leaving out blocks of the text model: those that are left out are not run at all."""

from collections.abc import Sequence

from torch import nn


class Blocks:
    """The text model's blocks, of which any may be left out but the fixed ones.

    A block keeps its own place in the KV cache, so nothing else of the model has to know which ones run.
    """

    def __init__(self, owner: nn.Module, name: str, fixed: tuple[int, ...]) -> None:
        self.all = tuple(getattr(owner, name))
        self.fixed = fixed
        self._owner, self._name = owner, name

    def keep(self, active: Sequence[int]) -> None:
        setattr(self._owner, self._name, nn.ModuleList([self.all[block] for block in active]))

    def active(self, count: int, drop_order: Sequence[int]) -> list[int]:
        """All blocks but the first of `drop_order`, so that `count` are left.

        Raises:
            ValueError: more than there are, or fewer than can be left.
        """
        dropped = drop_order[: len(self.all) - count]
        if not 0 < count <= len(self.all) or len(set(dropped) - set(self.fixed)) < len(self.all) - count:
            raise ValueError(
                f"{count} of {len(self.all)} blocks cannot be left by dropping {list(drop_order)} in this order, "
                f"where {list(self.fixed)} always run"
            )
        return [block for block in range(len(self.all)) if block not in dropped]


def obstacle(text_config: object) -> str:
    """Why blocks of a text model with this config cannot be left out; empty where they can.

    A model looks up the kind of attention of its n-th block by n, so one block cannot stand in another's place where
    the kinds differ.
    """
    kinds = set(getattr(text_config, "layer_types", None) or ())
    return f"its blocks differ in their attention ({', '.join(sorted(kinds))})" if len(kinds) > 1 else ""
