"""How many experts each token is sent to: `top_k` of every module that routes.

In transformers a router, or the block that holds it, has the number as `top_k` and reads it at each forward (5.24);
so has MolmoE's own code. A block without a router (the first ones of glm4v_moe) has none, and is passed over.
"""

from collections.abc import Sequence

from torch import nn


def routers_of(blocks: Sequence[nn.Module]) -> list[nn.Module]:
    """Every module in these blocks that has a `top_k`."""
    return [module for block in blocks for module in block.modules() if isinstance(getattr(module, "top_k", None), int)]


def set_top_k(routers: Sequence[nn.Module], top_k: int) -> None:
    for router in routers:
        router.top_k = top_k  # type: ignore[assignment]


def top_k_of(routers: Sequence[nn.Module]) -> int:
    """As the checkpoint has it: that of the router with fewest."""
    return min(int(router.top_k) for router in routers)  # type: ignore[arg-type]


def most_experts(routers: Sequence[nn.Module]) -> int:
    """How many experts a token can be sent to in every block: those of the groups to which its router keeps, or all.

    A router with groups (deepseek's and glm's kind) opens `topk_group` of `num_group` to a token; more experts than
    these hold would be taken from the closed groups.
    """
    return min(_most_experts(router) for router in routers)


def _most_experts(router: nn.Module) -> int:
    experts = getattr(router, "num_experts", None)
    if not isinstance(experts, int):
        return top_k_of([router])
    groups, opened = getattr(router, "num_group", None), getattr(router, "topk_group", None)
    if isinstance(groups, int) and isinstance(opened, int):
        return experts // groups * opened
    return experts
