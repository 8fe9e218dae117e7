from pathlib import Path

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces.choose import load_space, space_names
from trainable.contract import UserError


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
    assert space_names() == ["joint_controller", "joint_controller_live", "trl_grpo", "trl_grpo_wide"]
    for name in space_names():
        assert load_space(name)


def test_a_users_own_space_is_read_from_a_python_file(tmp_path):
    file = written(
        tmp_path,
        """
from optuna.distributions import CategoricalDistribution, FloatDistribution
SPACE = {"lr": FloatDistribution(1e-4, 1e-3, log=True), "group_size": CategoricalDistribution([4, 8])}
""",
    )
    assert load_space(str(file)) == {
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
    space = load_space(str(file))
    assert list(space) == ["lr", "group_size", "budget_penalty", "num_layers"]
    assert "num_layers" not in load_space("joint_controller")


def test_two_files_of_one_name_are_two_spaces(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    text = "from optuna.distributions import IntDistribution\nSPACE = {{'group_size': IntDistribution(2, {})}}\n"
    files = [written(tmp_path / folder, text.format(high)) for folder, high in (("a", 4), ("b", 9))]
    assert [load_space(str(file))["group_size"].high for file in files] == [4, 9]


def test_an_unknown_name_is_answered_with_those_there_are():
    text = message("controller")
    assert (
        "no such space; it can be joint_controller, joint_controller_live, trl_grpo, trl_grpo_wide or a file ending in "
        in text
    )


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
    assert isinstance(load_space(str(file))["group_size"], IntDistribution)
