"""The best trial by now is the one that a ranking of all would put first."""

import random

import pytest

from trainable.ranking import Objective, Row, read_constraint
from tune.screen.leader import Leader

HEIGHT = Objective(("height",), ("max",))
BOUNDED = Objective(("height",), ("min",), (read_constraint("cost <= 3"),))
BOTH = Objective(("height", "cost"), ("max", "min"))


@pytest.mark.parametrize("objective", [HEIGHT, BOUNDED, BOTH], ids=["one", "under a constraint", "two"])
def test_the_leader_is_the_first_of_all_that_came(objective: Objective) -> None:
    draw, rows, leader = random.Random(0), dict[int, list[Row]](), Leader(objective)
    assert leader.number(at_once=True) is None
    for epoch in range(1, 80):
        row = {"training_iteration": epoch, "height": draw.choice([0.1, 0.2, float("nan")]), "cost": draw.randint(1, 5)}
        number = draw.randrange(9)
        rows.setdefault(number, []).append(row)
        leader.hear(number, row)
        best = {one: objective.best_row(of_one) for one, of_one in sorted(rows.items())}
        ranked = [one for one in objective.best_first(best, best.get) if best[one]]
        assert leader.number(at_once=True) == (ranked[0] if ranked else None)
