"""A tiny model with a task, looked at once as a sweep would while planning."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from tiny_language_model import EPOCHS, Start, write_task, write_tiny_model

from trainable.language_model.settings import LanguageModelSettings
from trainable.language_model.task_data import TaskData
from trainable.language_model.trl_grpo import KIND
from trainable.runs import Run, RunContext, WorkerContext


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_model(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="session")
def settings(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory) -> LanguageModelSettings:
    """With a schedule that depends on how many epochs there are."""
    return LanguageModelSettings(
        task=str(write_task(tmp_path_factory.mktemp("task"))), model_path=str(tiny_model), steps_per_epoch=2,
        prompts_per_step=3, num_generations=4, lr=3e-3, lr_scheduler="linear", warmup_steps=3,
    )  # fmt: skip


@pytest.fixture(scope="session")
def data(settings: LanguageModelSettings) -> TaskData:
    return KIND.prepare(settings)


@pytest.fixture(scope="session")
def loaded(settings: LanguageModelSettings, one_thread: None) -> Any:
    return KIND.load(settings, WorkerContext(1, ("cpu",), 1.0))


@pytest.fixture
def start(settings: LanguageModelSettings, data: TaskData, loaded: Any, tmp_path: Path) -> Start:
    """Begins a run at epoch 0."""

    def started(of: LanguageModelSettings = settings, on: TaskData = data, **context: Any) -> Run:
        workspace = tmp_path / "workspace"
        shutil.rmtree(workspace, ignore_errors=True)
        workspace.mkdir()
        given = {"devices": ("cpu",), "seed": 0} | context
        return KIND.start(
            of, on,
            RunContext(num_threads=1, memory_share=1.0, num_epochs=EPOCHS, workspace=workspace, loaded=loaded, **given),
        )  # fmt: skip

    return started
