import json
import sys

import pytest

from trainable.contract import UserError
from trainable.joint_controller import KIND
from trainable.runs import Baseline, DataDescription, find_run_kind


def test_a_run_is_found_by_its_name():
    assert find_run_kind("joint_controller") is KIND


def test_a_users_own_run_is_found_by_module_and_attribute(tmp_path, monkeypatch):
    (tmp_path / "someones_own_run.py").write_text("KIND = 'a kind'\n")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert find_run_kind("someones_own_run:KIND") == "a kind"
    finally:
        sys.modules.pop("someones_own_run", None)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("controller", r"--run 'controller': no such run; it can be joint_controller or module:attribute"),
        ("no_such_module_here:KIND", r"--run .*No module named 'no_such_module_here'; put its folder on PYTHONPATH"),
        ("trainable.runs:NOTHING", r"--run .*module trainable.runs has no 'NOTHING'"),
    ],
)
def test_a_run_that_is_not_there(name, answer):
    with pytest.raises(UserError, match=answer):
        find_run_kind(name)


def test_a_description_comes_back_from_json_as_it_was():
    description = DataDescription("24 samples", "abc", (Baseline("oracle", 0.8, 0.7, 0.9),))
    assert DataDescription.from_json(json.loads(json.dumps(description.to_json()))) == description
