import numpy as np

from trainable.profiles.knobs import KnobGrid

GRID = KnobGrid(("tier", "top_k", "num_active_blocks"), (("low", "medium", "high"), (1, 2, 4, 8), (4, 16)))


def test_the_last_knob_varies_fastest():
    assert GRID.num_configurations == 24
    assert GRID.configuration(0) == {"tier": "low", "top_k": 1, "num_active_blocks": 4}
    assert GRID.configuration(1) == {"tier": "low", "top_k": 1, "num_active_blocks": 16}
    # 2 * (4 * 2) + 1 * 2 + 0
    assert GRID.index({"tier": "high", "top_k": 2, "num_active_blocks": 4}) == 18


def test_a_configurations_number_and_its_values_say_the_same():
    assert [GRID.index(GRID.configuration(number)) for number in range(24)] == list(range(24))


def test_complexity_is_the_mean_of_each_knobs_place_in_its_range():
    def complexity(tier: str, top_k: int, blocks: int) -> np.float32:
        return GRID.complexity[GRID.index({"tier": tier, "top_k": top_k, "num_active_blocks": blocks})]

    assert complexity("low", 1, 4) == 0.0
    assert complexity("high", 8, 16) == 1.0
    # places 1 of 2, 2 of 3, 0 of 1: (1/2 + 2/3 + 0) / 3; the place counts, not the value
    assert np.isclose(complexity("medium", 4, 4), 7 / 18)


def test_a_knob_with_one_value_adds_no_complexity():
    grid = KnobGrid(("tier", "top_k", "num_active_blocks"), (("low",), (1, 4), (8,)))
    # places 0, 0 or 1, 0 over three knobs
    np.testing.assert_allclose(grid.complexity, [0.0, 1 / 3], rtol=1e-6)
