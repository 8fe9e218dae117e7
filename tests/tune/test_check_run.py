"""The command; what it checks is in tests/trainable/conformance."""

import pytest

from tune.check_run import main


def test_what_a_user_reads_of_a_kind_that_fails(capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["broken_runs:WritesIntoTheData", "--rate", "0.2"])
    first, *rest = capsys.readouterr().out.splitlines()
    assert status == 1
    assert first == "ok      the data is read and described, and travels to other processes"
    assert "FAILED  a run trains, reports its metrics and is saved" in rest
    assert any(line.endswith("in close") for line in rest), "the traceback of the kind's own code"
    assert rest[-1] == "1 failed, 0 in doubt, 7 not tried"


def test_a_value_out_of_range_is_refused_before_any_check(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quadratic_run:KIND", "--rate", "2"]) == 2
    assert capsys.readouterr().err == "check_run.py: rate is 2.0; it must be above 0 and at most 1\n"


def test_what_a_user_reads_of_a_kind_that_is_sound(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["quadratic_run:KIND", "--target", "0.9", "--num_epochs", "2"]) == 0
    *told, last = capsys.readouterr().out.splitlines()
    assert last == "all well: it can be swept"
    assert sum(line.startswith("ok ") for line in told) == 9
