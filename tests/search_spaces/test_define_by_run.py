import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces.choose import load_space
from trainable.contract import UserError

CONDITIONAL = '''"""Momentum is searched of one optimizer alone."""

def SPACE(trial):
    optimizer = trial.suggest_categorical("optimizer", ["adam", "sgd"])
    trial.suggest_float("lr", *((1e-4, 1e-3) if optimizer == "adam" else (1e-3, 1e-1)), log=True)
    if optimizer == "sgd":
        trial.suggest_int("momentum", 1, 9)
'''
COMPUTED = """
def SPACE(trial):
    power = trial.suggest_int("power", 3, 6)
    return {"batch_size": 2**power, "lr": trial.suggest_float("lr", 0.0, 1.0), "recipe": "b" if power > 4 else "a"}
"""


def loaded(folder, text):
    file = folder / "mine.py"
    file.write_text(text, encoding="utf-8")
    return load_space(str(file))


def test_what_a_function_searches_is_what_it_was_seen_to_draw_from(tmp_path):
    space = loaded(tmp_path, CONDITIONAL)
    assert dict(space.distributions) == {
        "optimizer": CategoricalDistribution(["adam", "sgd"]),
        "lr": FloatDistribution(1e-4, 1e-1, log=True),  # the least to the largest end
        "momentum": IntDistribution(1, 9),
    }
    assert space.seen_in_draws > 0
    assert space.about == "Momentum is searched of one optimizer alone."


def test_of_a_computed_hyperparameter_the_values_that_were_seen_are_known(tmp_path):
    assert dict(loaded(tmp_path, COMPUTED).distributions) == {
        "batch_size": IntDistribution(8, 64),
        "lr": FloatDistribution(0.0, 1.0),
        "recipe": CategoricalDistribution(["a", "b"]),
    } or loaded(tmp_path, COMPUTED).distributions["recipe"] == CategoricalDistribution(["b", "a"])


def test_a_trial_has_what_the_function_gives_and_the_sampler_learns_from_what_it_drew(tmp_path):
    trial, hyperparameters = loaded(tmp_path, COMPUTED).drawn(optuna.create_study())
    assert hyperparameters["batch_size"] == 2 ** trial.params["power"]
    assert trial.params.keys() == {"power", "lr"}


def test_of_hyperparameters_that_were_given_a_sampler_learns_what_the_function_would_have_drawn(tmp_path):
    space = loaded(tmp_path, CONDITIONAL)
    params, distributions = space.known({"optimizer": "adam", "lr": 5e-4, "momentum": 3})
    assert params == {"optimizer": "adam", "lr": 5e-4}
    assert distributions["lr"] == FloatDistribution(1e-4, 1e-3, log=True)
    outside, _ = space.known({"optimizer": "adam", "lr": 1.0, "momentum": 3})
    assert outside == {"optimizer": "adam"}
    assert loaded(tmp_path, COMPUTED).known({"batch_size": 8, "lr": 0.5, "recipe": "a"}) == ({}, {})


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("return 1 / 0", "SPACE raised ZeroDivisionError: division by zero (FILE, line 2)"),
        ("return {'lr': 0.1}", "SPACE draws nothing; have it call trial.suggest_float"),
        ("return ['lr']", "SPACE gave ['lr']; it must give a dict from hyperparameter to value"),
        ("return {'lr': trial.suggest_float('lr', 0, 1), 'x': (1,)}", "SPACE gave (1,) for 'x', which no record can"),
        ("trial.suggest_float('lr', -1.7e308, 1.7e308)", "OverflowError"),
    ],
)
def test_a_function_that_cannot_be_searched_is_refused_in_a_sentence(tmp_path, body, why):
    with pytest.raises(UserError) as caught:
        loaded(tmp_path, f"def SPACE(trial):\n    {body}\n")
    assert str(caught.value).startswith(f"search_space {tmp_path / 'mine.py'}: ")
    assert why.replace("FILE", str(tmp_path / "mine.py")) in str(caught.value)


def test_optuna_says_nothing_of_it(tmp_path, capfd):
    optuna.logging.set_verbosity(optuna.logging.INFO)
    loaded(tmp_path, CONDITIONAL).known({"optimizer": "adam", "lr": 1.0})
    assert capfd.readouterr() == ("", "")
