import sys
from fractions import Fraction

import numpy as np
import pytest
import torch

from trainable import contract
from trainable.contract import UserError
from trainable.grpo.joint_controller import KIND
from trainable.runs.choosing import find_run_kind
from trainable.runs.metrics import reported_metrics
from trainable.score_parts import Curve, Details, Metric, ScoreParts, read_details, write_details


def test_a_run_is_found_by_its_name():
    assert find_run_kind("joint_controller") is KIND


def test_a_users_own_run_is_found_by_module_and_attribute(tmp_path, monkeypatch):
    text = "from trainable.grpo.joint_controller import KIND\n"
    (tmp_path / "someones_own_run.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        assert find_run_kind("someones_own_run:KIND") is KIND
    finally:
        sys.modules.pop("someones_own_run", None)


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("controller", r"^run 'controller': no such run; it can be joint_controller, trl_grpo or module:attribute"),
        ("no_such_module_here:KIND", r"^run .*No module named 'no_such_module_here'; put its folder on PYTHONPATH"),
        ("..:KIND", r"^run '..:KIND': no such run; it can be"),
        (
            "/home/me/runs:KIND",
            r"^run .*: no such run; it can be .* or FILE.py:attribute of your own",
        ),
        ("trainable.ray_trainable:ray", r"^run .*: ray is of type module, and no kind of run"),
        ("trainable.runs:", r"^run .*: it names no kind in there; give trainable.runs:KIND"),
        ("trainable.runs:NOTHING", r"^run .*module trainable.runs has no 'NOTHING'"),
    ],
)
def test_a_run_that_is_not_there(name, answer):
    with pytest.raises(UserError, match=answer):
        find_run_kind(name)


def test_whatever_number_a_run_reports_is_recorded_as_one_of_pythons():
    reported = {
        "Val/Int": 3, "Val/Truth": True, "Val/Third": Fraction(1, 3), "Val/NumPy": np.float16(0.5),
        "Val/Long": np.longdouble(0.25), "Val/Array": np.array([2.0]), "Val/Torch": torch.tensor(1.5),
    }  # fmt: skip
    metrics = reported_metrics(reported, ["Val/Int"])
    assert list(metrics.values()) == [3.0, 1.0, 1 / 3, 0.5, 0.25, 2.0, 1.5]
    assert {type(value) for value in metrics.values()} == {float}


@pytest.mark.parametrize("value", ["a", "0.5", None, 1j, {"a": 1.0}, [1.0], np.array(["a"]), 10**400], ids=repr)
def test_what_is_no_number_is_no_metric_and_is_named(value):
    with pytest.raises((TypeError, ValueError), match="Val/Odd"):
        reported_metrics({"Val/Best": 1.0, "Val/Odd": value}, ["Val/Best"])


@pytest.mark.parametrize("name", ["", " ", 1, None, "Val/a\nb", "Val/\ud800"])
def test_a_metrics_name_is_a_line_that_can_be_shown(name):
    with pytest.raises(ValueError, match="a metric's name is one line of text"):
        reported_metrics({"Val/Best": 1.0, name: 1.0}, ["Val/Best"])


@pytest.mark.parametrize("name", ["done", "config", "config/lr", "failure", "training_iteration", "status", "_step"])
def test_a_metric_takes_no_other_columns_name(name):
    with pytest.raises(ValueError, match=f"the run reported '{name}'; a row has a column of that name"):
        reported_metrics({"Val/Best": 1.0, name: 1.0}, ["Val/Best"])


def test_any_other_name_is_a_metrics_with_words_and_a_group_of_its_own():
    assert reported_metrics({"loss": 1, "eval/réward @1": 2, "a/b/c": 3}, ["loss"]) == {
        "loss": 1.0, "eval/réward @1": 2.0, "a/b/c": 3.0,
    }  # fmt: skip
    assert Metric("Val/Accuracy_Mean") == Metric("Val/Accuracy_Mean", "accuracy mean", "", "Val")
    assert Metric("loss", "the loss", group="training").group == "training"


@pytest.mark.parametrize("reported", [None, [], 0.5], ids=repr)
def test_an_epoch_gives_its_metrics_by_name(reported):
    with pytest.raises(TypeError, match="not a dict of metrics"):
        reported_metrics(reported, ["Val/Best"])


def test_details_of_whatever_numbers_come_back_from_their_file_to_the_bit(tmp_path):
    curves = {"reach": Curve(np.array([1.0, 1 / 3]), [torch.tensor(0.5), 0.1 + 0.2], ("near", "far"))}
    write_details(tmp_path, Details(ScoreParts("image", (np.float32(0.5), 3), (np.int64(4), 5)), curves))
    parts = ScoreParts("image", (0.5, 3.0), (4.0, 5.0))
    assert read_details(tmp_path) == Details(parts, {"reach": Curve((1.0, 1 / 3), (0.5, 0.1 + 0.2), ("near", "far"))})


@pytest.mark.parametrize(
    ("details", "answer"),
    [
        ({"parts": None}, r"the run's details are {'parts': None}, no Details"),
        (Details(curves={"reach": Curve(("far",), (1.0,))}), r"details: curves\.reach\.x\.0 is 'far': .* valid number"),
        (Details(parts=0.5), r"the run's details: parts is 0\.5: "),
    ],
)
def test_details_that_hold_what_they_cannot_are_refused_with_their_place(tmp_path, details, answer):
    with pytest.raises(TypeError, match=answer):
        write_details(tmp_path, details)


def test_details_that_do_not_fit_together_are_refused():
    with pytest.raises(ValueError, match="2 x, 1 y and 0 points"):
        Curve((1.0, 2.0), (1.0,))
    for sums, counts in (((), ()), ((1.0,), (1.0, 2.0))):
        with pytest.raises(ValueError, match=f"{len(sums)} sums and {len(counts)} counts"):
            ScoreParts("image", sums, counts)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"curves": {"a": {"x": [1], "y": []}}}', '{"parts": {"sums": []}}'])
def test_a_file_of_details_that_is_torn_tells_of_none(tmp_path, text):
    (tmp_path / contract.DETAILS_FILE).write_text(text, encoding="utf-8")
    assert read_details(tmp_path) is None
    assert read_details(tmp_path / "nowhere") is None
