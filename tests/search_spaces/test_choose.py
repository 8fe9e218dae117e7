from pathlib import Path

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces import Prior
from search_spaces.choose import load_space, space_names
from trainable.contract import UserError

SHIPPED = ["joint_controller", "joint_controller_live", "narrow", "trl_grpo", "trl_grpo_wide", "wide"]


def message(name_or_file: str | Path) -> str:
    with pytest.raises(UserError) as caught:
        load_space(str(name_or_file))
    text = str(caught.value)
    assert text.startswith("search_space ")
    assert str(name_or_file) in text
    assert "\n" not in text
    return text


def written(folder: Path, text: str, name: str = "mine.py") -> Path:
    file = folder / name
    file.write_text(text, encoding="utf-8")
    return file


def test_every_shipped_space_loads_by_its_name():
    assert space_names() == SHIPPED
    for name in space_names():
        assert load_space(name).distributions


def test_a_users_own_space_is_read_from_a_python_file(tmp_path):
    file = written(
        tmp_path,
        """
from optuna.distributions import CategoricalDistribution, FloatDistribution
SPACE = {"lr": FloatDistribution(1e-4, 1e-3, log=True), "group_size": CategoricalDistribution([4, 8])}
""",
    )
    assert load_space(str(file)).distributions == {
        "lr": FloatDistribution(1e-4, 1e-3, log=True),
        "group_size": CategoricalDistribution([4, 8]),
    }


def test_a_users_space_may_start_from_a_shipped_one(tmp_path):
    file = written(
        tmp_path,
        """
from optuna.distributions import IntDistribution
from search_spaces import joint_controller
SPACE = joint_controller.SPACE | {"num_layers": IntDistribution(1, 3)}
""",
    )
    space = load_space(str(file)).distributions
    assert list(space) == ["lr", "group_size", "budget_penalty", "num_layers"]
    assert "num_layers" not in load_space("joint_controller").distributions


def test_two_files_of_one_name_are_two_spaces(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    text = "from optuna.distributions import IntDistribution\nSPACE = {{'group_size': IntDistribution(2, {})}}\n"
    files = [written(tmp_path / folder, text.format(high)) for folder, high in (("a", 4), ("b", 9))]
    assert [load_space(str(file)).distributions["group_size"].high for file in files] == [4, 9]


def test_an_unknown_name_is_answered_with_those_there_are():
    text = message("controller")
    assert f"no such space; it can be {', '.join(SHIPPED)} or a file ending in " in text


@pytest.mark.parametrize("name", ["choose", "__init__"])
def test_the_packages_other_modules_are_no_spaces(name):
    assert "no such space" in message(name)


@pytest.mark.parametrize("text", ["", "space = {}", "SPACE = {}", "SPACE = None", "SPACE = ['lr']"])
def test_a_file_without_a_space(tmp_path, text):
    assert "it must define SPACE, a dict from hyperparameter to Optuna distribution" in message(written(tmp_path, text))


@pytest.mark.parametrize("value", ["(1e-5, 1e-2)", "[1, 2]", "0.1", "None"])
def test_a_value_that_is_no_distribution_is_named_with_an_example(tmp_path, value):
    text = message(written(tmp_path, f"SPACE = {{'lr': {value}}}"))
    assert f"SPACE['lr'] is {value.replace('1e-5, 1e-2', '1e-05, 0.01')}, not an Optuna distribution" in text
    assert "optuna.distributions.FloatDistribution(1e-5, 1e-2, log=True)" in text


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("import no_such_module_here", "ModuleNotFoundError: No module named 'no_such_module_here'"),
        ("SPACE = {", "SyntaxError: '{' was never closed"),
        (
            "from optuna.distributions import FloatDistribution\nSPACE = {'lr': FloatDistribution(1.0, 0.1)}",
            "ValueError: ",
        ),
    ],
)
def test_a_file_that_raises_is_answered_with_what_it_raised(tmp_path, text, cause):
    answer = message(written(tmp_path, text))
    assert cause in answer
    assert "mend the file" in answer


@pytest.mark.parametrize(
    "distribution",
    ["Float(0, float('inf'))", "Float(-1.7e308, 1.7e308)", "Int(1, 10**400)", "Choice([1.0, float('nan')])"],
)
def test_a_hyperparameter_whose_numbers_are_not_finite_is_refused(tmp_path, distribution):
    names = "FloatDistribution as Float, IntDistribution as Int, CategoricalDistribution as Choice"
    file = written(tmp_path, f"from optuna.distributions import {names}\nSPACE = {{'lr': {distribution}}}\n")
    assert "which is not finite; give it finite numbers" in message(file)


def test_an_integer_space_stays_one(tmp_path):
    file = written(tmp_path, "from optuna.distributions import IntDistribution as I\nSPACE = {'group_size': I(2, 8)}\n")
    assert isinstance(load_space(str(file)).distributions["group_size"], IntDistribution)


WITH_PRIOR = """
from optuna.distributions import CategoricalDistribution, FloatDistribution
from search_spaces import Prior
SPACE = {{"lr": FloatDistribution(1e-4, 1e-2, log=True), "recipe": CategoricalDistribution(["a", "b"])}}
PRIOR = {}
"""


def test_a_prior_lies_beside_the_space_for_any_of_its_hyperparameters(tmp_path):
    file = written(tmp_path, WITH_PRIOR.format('{"lr": Prior(1e-3, 0.2)}'))
    assert load_space(str(file)).prior == {"lr": Prior(1e-3, 0.2)}
    assert load_space("trl_grpo").prior == {}


@pytest.mark.parametrize(
    ("prior", "why"),
    [
        ("[1e-3]", "its PRIOR must be a dict from hyperparameter to search_spaces.Prior"),
        ('{"lr": (1e-3, 0.2)}', "PRIOR['lr'] is (0.001, 0.2), not a prior such as search_spaces.Prior(5e-4, 0.2)"),
        ('{"lr": Prior(1.0, 0.2)}', "PRIOR['lr'] has the centre 1.0, which is none of FloatDistribution(high=0.01"),
        ('{"recipe": Prior("c", 0.2)}', "PRIOR['recipe'] has the centre 'c', which is none of CategoricalDistribution"),
        ('{"lr": Prior(1e-3, 0.0)}', "PRIOR['lr'] has the width 0.0; give a share of the range, above 0 and at most 1"),
        ('{"lr": Prior(1e-3, 20)}', "PRIOR['lr'] has the width 20; give a share of the range, above 0 and at most 1"),
        ('{"group_size": Prior(8, 0.2)}', "PRIOR['group_size'] is of a hyperparameter that is not searched"),
    ],
)
def test_a_prior_that_says_nothing_of_the_space_is_refused(tmp_path, prior, why):
    assert why in message(written(tmp_path, WITH_PRIOR.format(prior)))
