import math

import pytest

from trainable.contract import PROJECT, UserError
from trainable.grpo.settings import SHIPPED_PROFILE, GRPOSettings, is_local_dataset


def test_the_settings_everybody_starts_from():
    settings = GRPOSettings()
    assert (settings.lr, settings.group_size, settings.budget_penalty) == (1e-4, 5, 10.0)
    assert (settings.recipe, settings.updates_per_batch, settings.kl_coefficient) == ("default", 1, 0.0)
    assert settings.profile == SHIPPED_PROFILE


@pytest.mark.parametrize(
    ("name", "value", "limit"),
    [
        ("batch_size", 0, "at least 1"),
        ("updates_per_batch", 0, "at least 1"),
        ("hidden_size", 0, "at least 1"),
        ("num_layers", 0, "at least 1"),
        ("group_size", 1, "at least 2"),
        ("lr", 0.0, "above 0"),
        ("lr", -1e-4, "above 0"),
        ("lr", math.nan, "above 0"),
        ("lr", math.inf, "above 0"),
        ("clip_epsilon", 0.0, "above 0"),
        ("max_grad_norm", 0.0, "above 0"),
        ("budget_penalty", -0.1, "0 or more"),
        ("budget_penalty", math.nan, "0 or more"),
        ("kl_coefficient", -1.0, "0 or more"),
        ("entropy_coefficient", -1.0, "0 or more"),
        ("weight_decay", -1.0, "0 or more"),
        ("dropout", 1.0, "at least 0 and below 1"),
        ("dropout", -0.1, "at least 0 and below 1"),
        ("recipe", "mine", "one of default, original"),
        ("latency_budget_min", 0.0, "above 0 ms"),
        ("latency_budget_max", -5.0, "above 0 ms"),
        ("latency_budget_max", math.nan, "above 0 ms"),
    ],
)
def test_a_value_out_of_its_range_is_named_with_its_limit(name, value, limit):
    with pytest.raises(UserError) as caught:
        GRPOSettings(**{name: value})
    assert str(caught.value).startswith(f"{name} is {value!r}; it must be {limit}")


@pytest.mark.parametrize(
    ("name", "value"),
    [("batch_size", 1), ("group_size", 2), ("budget_penalty", 0.0), ("dropout", 0.0), ("recipe", "original"),
     ("entropy_coefficient", 0.0), ("weight_decay", 0.0), ("latency_budget_min", 0.001)],
)  # fmt: skip
def test_a_value_at_its_limit_is_accepted(name, value):
    assert getattr(GRPOSettings(**{name: value}), name) == value


def test_a_range_of_budgets_that_is_upside_down_names_both_ends():
    with pytest.raises(UserError, match=r"latency_budget_min is 20.0; it must be at most latency_budget_max \(10 ms\)"):
        GRPOSettings(latency_budget_min=20.0, latency_budget_max=10.0)


LIVE = {"environment": "live", "model_path": "a_model", "dataset": "some_images"}


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"environment": "dreamt"}, "environment is 'dreamt'; it must be one of replay, live"),
        ({"dataset": "some_images"}, "dataset is of a running model; add --environment live, or leave it out"),
        ({"store": "here"}, "store is of a running model; add --environment live, or leave it out"),
        ({"latency_source": "profile"}, "latency_source is of a running model; add --environment live"),
        ({"environment": "live", "dataset": "some_images"}, "model_path is not given; with --environment live, --"),
        ({"environment": "live", "model_path": "a_model"}, "dataset is not given; with --environment live, --"),
        (LIVE | {"dataset_names": ("okvqa",)}, "dataset_names is of a profile; with --environment live there is"),
        (LIVE | {"latency_source": "profile"}, "latency_source is profile; say with --results_dir which"),
        (
            LIVE | {"results_dir": "there"},
            "results_dir is a profile, and a running model is measured; leave it out, or",
        ),
        (LIVE | {"latency_source": "guessed"}, "latency_source is 'guessed'; it must be one of measured, profile"),
        (LIVE | {"max_samples": 1}, "max_samples is 1; it must be at least 2"),
        (LIVE | {"reference_samples": 0}, "reference_samples is 0; it must be at least 1"),
        (LIVE | {"max_new_tokens": 0}, "max_new_tokens is 0; it must be at least 1"),
    ],
)
def test_settings_of_a_running_model_that_make_no_sense_are_one_sentence(given, sentence):
    with pytest.raises(UserError) as caught:
        GRPOSettings(**given)
    assert str(caught.value).startswith(sentence)


def test_a_store_is_called_after_its_model_and_its_data():
    settings = GRPOSettings(environment="live", model_path="org/a_model", dataset="org/some_images:validation")
    assert settings.profile == PROJECT / "results" / "stores" / "a_model-some_images-validation"
    assert str(GRPOSettings(**LIVE, store="/elsewhere").profile) == "/elsewhere"


@pytest.mark.parametrize(
    ("dataset", "is_path"), [("./here", True), ("~/x", True), ("some.jsonl", True), ("org/name:test", False)]
)
def test_a_name_of_data_on_a_hub_is_no_path(dataset, is_path):
    assert is_local_dataset(dataset) == is_path
