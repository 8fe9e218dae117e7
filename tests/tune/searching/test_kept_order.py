"""An order that is kept as items come is the one that they would be sorted into."""

import random

import pytest

from trainable.ranking import Objective, read_constraint
from tune.searching.kept_order import KeptOrder

HEIGHT = Objective(("height",), ("max",))
BOUNDED = Objective(("height",), ("min",), (read_constraint("cost <= 3"),))
BOTH = Objective(("height", "cost"), ("max", "min"))


@pytest.mark.parametrize("objective", [HEIGHT, BOUNDED, BOTH], ids=["one", "under a constraint", "two"])
def test_the_order_is_at_any_time_that_of_best_first(objective: Objective) -> None:
    draw, rows = random.Random(0), {}
    order: KeptOrder[int] = KeptOrder(objective)
    for item in range(60):
        height = draw.choice([0.1, 0.2, 0.3, float("nan")])  # many are equal, and some do not rank
        rows[item] = None if draw.random() < 0.1 else {"height": height, "cost": draw.randint(1, 5)}
        order.add(item, rows[item])
        assert [*order] == objective.best_first(rows, rows.get)
    assert len(order) == 60
    assert (7 in order, 70 in order, order.row(7)) == (True, False, rows[7])
