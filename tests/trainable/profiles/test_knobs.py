import numpy as np

from trainable.profiles.knobs import KnobGrid

GRID = KnobGrid(("tier", "top_k", "num_active_blocks"), (("low", "medium", "high"), (1, 2, 4, 8), (4, 16)))


def test_the_last_knob_varies_fastest():
    assert len(GRID.configurations) == 24
    assert GRID.configurations[0] == ("low", 1, 4)
    assert GRID.configurations[1] == ("low", 1, 16)
    # 2 * (4 * 2) + 1 * 2 + 0
    assert GRID.configurations[18] == ("high", 2, 4)


def test_complexity_is_the_mean_of_each_knobs_position_in_its_range():
    def complexity(*configuration: str | int) -> np.float32:
        return GRID.complexity[GRID.configurations.index(configuration)]

    assert complexity("low", 1, 4) == 0.0
    assert complexity("high", 8, 16) == 1.0
    # positions 1 of 2, 2 of 3, 0 of 1: (1/2 + 2/3 + 0) / 3; the position counts, not the value
    assert np.isclose(complexity("medium", 4, 4), 7 / 18)


def test_a_knob_with_one_value_adds_no_complexity():
    grid = KnobGrid(("tier", "top_k", "num_active_blocks"), (("low",), (1, 4), (8,)))
    # positions 0, 0 or 1, 0 over three knobs
    np.testing.assert_allclose(grid.complexity, [0.0, 1 / 3], rtol=1e-6)
