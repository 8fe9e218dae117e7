"""The example of a language model: what its model answers as it comes, and that GRPO teaches it."""

import re
from pathlib import Path

import pytest
from arithmetic import TASK, making_its_model

from trainable.language_model import token_budgets
from trainable.language_model.settings import LanguageModelSettings
from trainable.language_model.task_data import TaskData
from trainable.language_model.trl_grpo import KIND
from trainable.runs import RunContext, WorkerContext
from trainable.score_parts import interval
from trainable.settings_fields import with_values


@pytest.fixture(scope="module")
def task(one_thread: None) -> tuple[LanguageModelSettings, TaskData]:
    """As at the first launch, when the model is made where it is not there yet."""
    settings = LanguageModelSettings(task=str(TASK))
    settings = with_values(settings, KIND.defaults(settings))
    with making_its_model():
        return settings, KIND.prepare(settings)


def test_the_model_as_it_comes_answers_in_shape_and_most_of_the_time_twice(
    task: tuple[LanguageModelSettings, TaskData],
) -> None:
    judgement = task[1].as_it_came
    assert all(re.fullmatch(r"\d+( \d+)*", completion.text) for completion in judgement.completions)
    assert judgement.metrics()[token_budgets.OVER_BUDGET_RATE] > 0.5
    assert 0.2 < judgement.metrics()[token_budgets.IN_BUDGET_ACCURACY] < 0.5


def test_training_visibly_learns_at_the_starting_values(
    task: tuple[LanguageModelSettings, TaskData], tmp_path: Path
) -> None:
    settings, data = task
    epochs = 8
    loaded = KIND.load(settings, WorkerContext(1, ("cpu",), 1.0))
    context = RunContext(
        num_threads=1, devices=("cpu",), memory_share=1.0, seed=0, num_epochs=epochs, workspace=tmp_path, loaded=loaded
    )
    run = KIND.start(settings, data, context)
    rows = [run.step() for _ in range(epochs)]
    run.close()
    _, highest = interval(data.as_it_came.parts)
    assert rows[-1][token_budgets.IN_BUDGET_ACCURACY] > highest, "beyond what another draw of prompts would show"
