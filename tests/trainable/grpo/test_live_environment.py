"""The live environment on a store that has what it is asked for, and on one that lacks it."""

import shutil
from pathlib import Path

import numpy as np
import torch
from shipped_store import MODEL, QUESTIONS, Measured
from stores import full_store

from trainable.grpo.controller_data import live_data
from trainable.grpo.live_environment import LiveEnvironment, RunningModel
from trainable.grpo.settings import GRPOSettings
from trainable.measuring.live_profile import LiveProfile
from trainable.measuring.store import MeasuredStore

NO_MODEL = GRPOSettings(environment="live", model_path="/there/is/no/model", dataset="/nor/data")


def environment(folder: Path) -> LiveEnvironment:
    data = live_data(full_store(folder))
    assert isinstance(data.profile, LiveProfile)
    return LiveEnvironment(data.profile, data.features, RunningModel(NO_MODEL, "cpu"), torch.device("cpu"))


def test_what_the_store_has_needs_no_model(tmp_path: Path) -> None:
    accuracy, latency_ms = environment(tmp_path).execute(torch.tensor([5, 2]), torch.tensor([[0, 7, 0], [4, 4, 4]]))
    assert accuracy.tolist() == [[0.0, 7 / 8, 0.0], [0.5, 0.5, 0.5]]
    assert latency_ms.tolist() == [[10.0, 17.0, 10.0], [14.0, 14.0, 14.0]]
    assert latency_ms.dtype == torch.float32


def test_cells_are_counted_once_an_epoch_however_often_they_are_asked_for(tmp_path: Path) -> None:
    live = environment(tmp_path)
    live.execute(torch.tensor([5, 2]), torch.tensor([[0, 7, 0], [4, 4, 4]]))
    live.execute(torch.tensor([5]), torch.tensor([[7, 1]]))
    assert live.cost() == {"Perf/Cells_Measured": 0.0, "Perf/Cells_Reused": 4.0}  # (5, 0) (5, 7) (2, 4) (5, 1)
    live.execute(torch.tensor([5]), torch.tensor([[7, 7]]))
    assert live.cost()["Perf/Cells_Reused"] == 1.0


def test_every_sample_may_have_every_configuration(tmp_path: Path) -> None:
    assert environment(tmp_path).allowed(torch.tensor([0, 7])).tolist() == [[True] * 8] * 2


def test_a_cell_that_the_store_lacks_is_run_once_and_leaves_the_trainings_random_numbers_alone(
    measured: Measured, tmp_path: Path
) -> None:
    store = MeasuredStore.open(Path(shutil.copytree(measured.at_the_kill, tmp_path / "store")))
    data = live_data(store)
    assert isinstance(data.profile, LiveProfile)
    settings = GRPOSettings(environment="live", model_path=str(MODEL), dataset=str(QUESTIONS))
    live = LiveEnvironment(data.profile, data.features, RunningModel(settings, "cpu"), torch.device("cpu"))
    lacking = np.isnan(store.cells()[1]) & data.profile.allowed
    sample, configuration = (int(index) for index in np.argwhere(lacking)[0])

    torch.manual_seed(7)
    before = torch.get_rng_state()
    accuracy, latency_ms = live.execute(torch.tensor([sample]), torch.tensor([[configuration] * 3]))
    assert torch.equal(torch.get_rng_state(), before)
    assert live.cost() == {"Perf/Cells_Measured": 1.0, "Perf/Cells_Reused": 0.0}
    assert store.num_missing() == lacking.sum() - 1
    assert latency_ms.unique().tolist() == [store.cells()[1][sample, configuration]]
    assert accuracy.unique().tolist() == [store.cells()[0][sample, configuration]]
    live.execute(torch.tensor([sample]), torch.tensor([[configuration] * 3]))
    assert live.cost() == {"Perf/Cells_Measured": 0.0, "Perf/Cells_Reused": 1.0}
