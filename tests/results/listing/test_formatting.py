"""How values read to people."""

from optuna.distributions import CategoricalDistribution, FloatDistribution

from results.analysis.hyperparameters import Hyperparameter
from results.analysis.importance import Importance
from results.listing.formatting import stand_out_words


def test_what_stands_out_is_told_with_the_values_of_the_best_quarter_beside_all() -> None:
    lr = Hyperparameter("lr", {0: 1e-5, 1: 1.2e-3, 2: 6e-3, 3: 0.01}, FloatDistribution(1e-5, 0.01))
    kind = Hyperparameter("kind", {0: "b", 1: "a", 3: "b"}, CategoricalDistribution(["a", "b"]))
    assert stand_out_words(Importance({}, (lr, kind), best_quarter=(1, 2))) == (
        "lr (best quarter 0.0012 to 0.006; all 1e-05 to 0.01) and kind (best quarter a 1x; all b 2x, a 1x)"
    )


def test_a_best_quarter_of_one_value_or_without_it_is_told_as_such() -> None:
    lr = Hyperparameter("lr", {0: 0.1, 1: 0.2, 2: 0.2}, FloatDistribution(0.1, 0.2))
    assert stand_out_words(Importance({}, (lr,), best_quarter=(1, 2))) == "lr (best quarter 0.2; all 0.1 to 0.2)"
    assert stand_out_words(Importance({}, (lr,), best_quarter=(3,))) == "lr (best quarter none; all 0.1 to 0.2)"
