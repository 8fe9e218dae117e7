import pytest

from trainable.contract import UserError
from trainable.measuring.settings import MeasuringSettings


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("num_runs_per_sample", 0, "num_runs_per_sample is 0; it must be at least 1"),
        ("max_configurations", 1, "max_configurations is 1; it must be at least 2"),
        ("max_new_tokens", 0, "max_new_tokens is 0; it must be at least 1"),
        ("device", "gpu", "device is 'gpu'; it must be cpu, cuda, cuda:N or auto"),
    ],
)
def test_a_value_out_of_its_range_is_refused_with_its_limit(name: str, value: object, said: str) -> None:
    with pytest.raises(UserError, match=said):
        MeasuringSettings("model", "questions", "store", **{name: value})
