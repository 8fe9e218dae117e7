"""A profile that tells how it was measured: a store of the running model."""

import json
import shutil
from pathlib import Path

import pytest
from deploying import deploy_here
from shipped_store import MODEL, QUESTIONS, Measured

from trainable.contract import UserError
from trainable.serving.controller import AdaptiveModel
from trainable.serving.profiled import how_profiled


def test_a_store_tells_all_of_it(measured: Measured, adaptive: AdaptiveModel) -> None:
    told = how_profiled(measured.folder, None, adaptive.model)
    assert list(told.drop_order) == json.loads((MODEL / "importance.json").read_text(encoding="utf-8"))["drop_order"]
    assert (told.max_new_tokens, told.num_threads) == (1, 1)
    assert told.machine["dtype"] == "float32"


def test_a_store_of_another_model_promises_nothing(measured: Measured, adaptive: AdaptiveModel, tmp_path: Path) -> None:
    contents = json.loads((measured.folder / "store.json").read_text(encoding="utf-8"))
    contents["identity"]["model"]["identity"] = "0123456789abcdef"
    (tmp_path / "store.json").write_text(json.dumps(contents), encoding="utf-8")
    with pytest.raises(UserError, match="measured on another model than"):
        how_profiled(tmp_path, None, adaptive.model)


def test_a_store_of_another_machine_is_said(measured: Measured, trial: Path, tmp_path: Path) -> None:
    folder = tmp_path / "store"
    shutil.copytree(measured.folder, folder)
    contents = json.loads((folder / "store.json").read_text(encoding="utf-8"))
    here = contents["identity"]["machine"]["device"]

    def printed() -> str:
        status, out, err = deploy_here(
            trial, "--model_path", MODEL, "--dataset", QUESTIONS, "--max_samples", "4", "--budgets", "1",
            "--results_dir", folder, "--output", tmp_path / "output",
        )  # fmt: skip
        assert status == 0, err
        return out

    out = printed()
    assert f"The profile {folder} was measured on this machine" in out
    # the store holds these test questions under five configurations only; what the policy chooses beyond is unknown
    assert "samples of the profile, which does not hold what the policy chooses" in out
    contents["identity"]["machine"]["device"] = "Abacus"
    (folder / "store.json").write_text(json.dumps(contents), encoding="utf-8")
    assert f"measured on another machine (device Abacus, here {here}): its latencies need not hold here" in printed()
