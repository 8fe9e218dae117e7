"""Which modules route, and how many experts a token can reach."""

from torch import nn

from trainable.vision_language_model.routers import most_experts, routers_of, set_top_k, top_k_of


class Router(nn.Module):
    def __init__(self, **attributes: int) -> None:
        super().__init__()
        for name, value in attributes.items():
            setattr(self, name, value)


def test_every_router_is_set_and_blocks_without_one_are_passed_over() -> None:
    inner, outer = Router(top_k=4, num_experts=8), Router(top_k=4)
    block = nn.ModuleDict({"mlp": nn.Sequential(outer, inner)})
    routers = routers_of([nn.Linear(2, 2), block])
    assert routers == [outer, inner]
    assert top_k_of(routers) == 4
    set_top_k(routers, 1)
    assert (inner.top_k, outer.top_k) == (1, 1)
    assert routers_of([nn.Linear(2, 2)]) == []


def test_a_router_with_groups_reaches_the_experts_of_those_it_opens() -> None:
    # 64 experts in 8 groups of 8, of which 3 are open to a token
    assert most_experts([Router(top_k=8, num_experts=64, num_group=8, topk_group=3)]) == 24
    assert most_experts([Router(top_k=8, num_experts=64)]) == 64
    assert most_experts([Router(top_k=8, num_experts=64), Router(top_k=6)]) == 6
