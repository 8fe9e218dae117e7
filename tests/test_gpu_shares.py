"""benchmarks/gpu_shares.py: it needs a GPU, and tells a curve that differs by its last bit."""

import math
import sys

import gpu_shares
import pytest
import torch

CURVE = [{"training_iteration": 1, "Val/Score": 0.1, "Perf/Speed": 1.0}, {"training_iteration": 2, "Val/Score": 0.2}]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["gpu_shares.py"])
    with pytest.raises(SystemExit) as ended:
        gpu_shares.main()
    assert ended.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "gpu_shares.py: there is no GPU here that torch can use; run it where there is one"


def test_curves_are_the_same_to_the_last_bit_or_part_somewhere() -> None:
    same = gpu_shares.compared("twice", [CURVE], [[CURVE[0] | {"Perf/Speed": 2.0}, CURVE[1]]])
    assert same == "- twice: the same to the last bit (2 epochs)"
    other = CURVE[1] | {"Val/Score": math.nextafter(0.2, 1)}
    parted = gpu_shares.compared("twice", [CURVE], [[CURVE[0], other]])
    assert parted.startswith("- twice: trial 0 differs from epoch 2 on: Val/Score is 0.2 and 0.2000000")


def test_every_share_that_a_trial_had_is_told() -> None:
    rows = [
        {"sweep_time_s": 60.0 * epoch, "gpu_share": share, "time_this_iter_s": 2.0, gpu_shares.PEAK_MB: 100.0 + epoch}
        for epoch, share in enumerate((1.0, 0.25, 0.25), start=1)
    ]
    told = gpu_shares.Swept("auto", 200.0, [rows], []).row
    assert told == "| auto | 1, then 0.25 | 1 | 2.00 | 103 | 200 |"
