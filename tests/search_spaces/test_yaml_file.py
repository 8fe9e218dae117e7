import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from search_spaces import Prior
from search_spaces.choose import load_space
from trainable.contract import UserError


def loaded(folder, text):
    file = folder / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    return load_space(str(file))


def test_a_space_of_every_kind_is_read_with_its_priors(tmp_path):
    space = loaded(
        tmp_path,
        """
lr: {low: 1e-5, high: 1e-2, log: true, prior: {centre: 5e-4, width: 0.2}}
dropout: {low: 0.0, high: 0.5, step: 0.1}
group_size: {low: 2, high: 32}
epochs: {type: int, low: 1, high: 100, log: true}
scale: {type: float, low: 1, high: 2}
recipe: {choices: [default, original], prior: {centre: default, width: 0.1}}
""",
    )
    assert dict(space.distributions) == {
        "lr": FloatDistribution(1e-5, 1e-2, log=True),
        "dropout": FloatDistribution(0.0, 0.5, step=0.1),
        "group_size": IntDistribution(2, 32),
        "epochs": IntDistribution(1, 100, log=True),
        "scale": FloatDistribution(1.0, 2.0),
        "recipe": CategoricalDistribution(["default", "original"]),
    }
    assert space.prior == {"lr": Prior(5e-4, 0.2), "recipe": Prior("default", 0.1)}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it must hold a line a hyperparameter, such as 'lr: {low: 1e-5, high: 1e-2, log: true}'"),
        ("lr: {low: [", "not readable as YAML"),
        ("lr: 3", "lr is 3; say {low: ..., high: ...} or {choices: [...]}"),
        ("lr: {low: 1}", "lr has no high; as float it needs low and high"),
        ("lr: {low: 1, high: 2, lgo: true}", "lr has 'lgo'; as int it can have type, low, high, log, step, prior"),
        ("lr: {type: real, low: 1, high: 2}", "lr has the type 'real'; it can be float, int, choice"),
        ("lr: {low: one, high: 2}", "lr: could not convert string to float: 'one'; mend its line"),
        ("lr: {low: 2.0, high: 1.0}", "lr: "),
        ("lr: {low: 0.0, high: 1.0, log: yes please}", "lr: log is 'yes please', and can be true or false"),
        ("lr: {choices: [2020-01-01]}", "lr has the choice datetime.date(2020, 1, 1), which no record can hold"),
        ("lr: {low: 1.0, high: 2.0, prior: 1.5}", "lr has the prior 1.5; say {centre: VALUE, width: SHARE"),
        (
            "lr: {low: 1.0, high: 2.0, prior: {centre: 3, width: 0.2}}",
            "the prior of lr has the centre 3, which",
        ),
    ],
)
def test_a_line_that_says_no_range_is_refused_in_a_sentence(tmp_path, text, why):
    with pytest.raises(UserError) as caught:
        loaded(tmp_path, text)
    assert str(caught.value).startswith(f"search_space {tmp_path / 'mine.yaml'}: ")
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
