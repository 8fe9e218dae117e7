import numpy as np
import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces import Prior
from tune.sampling.prior import PriorSampler, drawn

COUNT = 2000


def draws(prior, distribution):
    rng = np.random.default_rng(0)
    return [drawn(prior, distribution, rng) for _ in range(COUNT)]


def test_a_range_is_drawn_about_the_centre_on_its_own_scale():
    values = np.log10(draws(Prior(1e-3, 0.1), FloatDistribution(1e-5, 1e-1, log=True)))
    # The range is four decades, the width a tenth of that; the centre is 5 widths from either end.
    assert np.mean(values) == pytest.approx(-3, abs=0.05)
    assert np.std(values) == pytest.approx(0.4, abs=0.03)


def test_nothing_is_drawn_beyond_the_ends_and_nothing_piles_up_there():
    values = np.array(draws(Prior(0.0, 0.2), FloatDistribution(0.0, 1.0)))
    assert (values.min() > 0, values.max() <= 1) == (True, True)
    # Half of a normal distribution: 38 % of it lie within half a width.
    assert np.mean(values < 0.1) == pytest.approx(0.383, abs=0.04)


def test_integers_and_steps_stay_on_their_grid_and_the_ends_come_as_often_as_others():
    sizes = draws(Prior(4, 1.0), IntDistribution(2, 6))
    assert {type(size) for size in sizes} == {int}
    shares = [sizes.count(size) / COUNT for size in range(2, 7)]
    assert min(shares) > 0.15  # flat, nearly: the width is the whole range
    assert set(draws(Prior(0.5, 0.3), FloatDistribution(0.0, 1.0, step=0.25))) == {0.0, 0.25, 0.5, 0.75, 1.0}
    assert set(draws(Prior(8, 0.2), IntDistribution(4, 16, step=4))) == {4, 8, 12, 16}
    assert set(draws(Prior(2, 0.5), IntDistribution(1, 4, log=True))) == {1, 2, 3, 4}


def test_of_choices_another_comes_with_the_probability_of_the_width():
    choices = draws(Prior("b", 0.3), CategoricalDistribution(["a", "b", "c"]))
    assert choices.count("b") / COUNT == pytest.approx(0.7, abs=0.04)
    assert choices.count("a") / COUNT == pytest.approx(0.15, abs=0.03)
    assert set(draws(Prior("b", 1.0), CategoricalDistribution(["b"]))) == {"b"}


def test_a_hyperparameter_without_a_prior_is_drawn_from_anywhere_and_none_depends_on_the_others():
    def ask(space):
        return optuna.create_study(sampler=PriorSampler({"x": Prior(0.5, 0.01)}, 1, "prior", 2)).ask(space).params

    x, y = FloatDistribution(0.0, 1.0), FloatDistribution(0.0, 1.0)
    both = ask({"y": y, "x": x})
    assert both["x"] == ask({"x": x})["x"] == pytest.approx(0.5, abs=0.05)
    assert both["y"] == ask({"y": y})["y"]
    assert abs(both["y"] - 0.5) > 0.05
