"""The live environment on a store that has what it is asked for; test_live_run.py has it measured."""

from pathlib import Path

import torch
from stores import full_store

from trainable.grpo.controller_data import live_data
from trainable.grpo.live_environment import LiveEnvironment, RunningModel
from trainable.grpo.live_profile import LiveProfile
from trainable.grpo.settings import GRPOSettings

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
