"""Where a sweep's trials run, as it is recorded and read again."""

from pathlib import Path

import pytest

from results.record.placement import Measurement, add_packing, read_placement
from trainable.contract import UserError


def test_the_last_packing_holds_for_the_wish_that_it_was_found_for(tmp_path: Path) -> None:
    assert read_placement(tmp_path).packing("auto") is None
    measured = Measurement(0, 1, "a card", 24_000.0, 2_000.0, None)
    add_packing(tmp_path, "auto", 9, "it fits", measured)
    add_packing(tmp_path, "auto", 4, "it did not")
    placement = read_placement(tmp_path)
    assert [(one.trials_per_gpu, one.why, one.measured) for one in placement.packings] == [
        (9, "it fits", measured),
        (4, "it did not", None),
    ]
    assert placement.packing("auto") == placement.packings[-1]
    assert placement.packing(0.25) is None


def test_an_edited_file_is_refused_in_a_sentence(tmp_path: Path) -> None:
    add_packing(tmp_path, 0.25, 2, "it did not fit")
    file = tmp_path / "placement.json"
    file.write_text(file.read_text(encoding="utf-8").replace("2,", '"two",'), encoding="utf-8")
    with pytest.raises(UserError, match=r"placement.json: packings.0.trials_per_gpu is 'two': "):
        read_placement(tmp_path)
