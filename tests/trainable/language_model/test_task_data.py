"""Before anything starts: a task, a model and adapters that do not go together are refused in a sentence."""

import dataclasses
import json
import shutil
from pathlib import Path

import pytest
from tiny_language_model import TASK, write_task

from trainable.contract import UserError
from trainable.language_model.settings import LanguageModelSettings
from trainable.language_model.task_data import TaskData
from trainable.language_model.trl_grpo import KIND


def test_the_model_as_it_came_and_the_best_constant_are_what_trials_are_measured_by(
    settings: LanguageModelSettings, data: TaskData
) -> None:
    description = KIND.describe(settings, data)
    as_it_came, constant = description.baselines
    # 4 is the sum of five of the 25 pairs, and one token with its end: within both budgets.
    assert (constant.name, constant.value) == ("always '4'", 0.2)
    assert as_it_came.name == "the model as it came"
    assert constant.curves["token_budgets"].y == (0.2, 0.2)


def test_other_validation_data_is_other_data_and_another_model_another_training(
    settings: LanguageModelSettings, data: TaskData
) -> None:
    mine = KIND.describe(settings, data)
    other_model = KIND.describe(settings, dataclasses.replace(data, model_digest="another"))
    assert (mine.fingerprint, mine.inputs) == (other_model.fingerprint, mine.inputs)
    assert other_model.inputs != mine.inputs
    other_data = KIND.describe(settings, dataclasses.replace(data, validation=data.validation[1:]))
    assert other_data.fingerprint != mine.fingerprint


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("MAX_COMPLETION_LENGTH = 61", "it reads 64 tokens, and the task's longest prompt of 4 with a completion"),
        ("VALIDATION = [{'prompt': [{'role': 'user', 'content': 'a'}]}]", "its tokenizer makes no text of the task's"),
        ("def is_correct(completion):\n    return True", r"is_correct of VALIDATION\[0\] raised TypeError"),
        ("REWARDS['mine'] = lambda completions, **columns: [1.0]", r"REWARDS\['mine'\] returned \[1.0\] for 4"),
    ],
)  # fmt: skip
def test_a_task_that_does_not_go_with_the_model_is_refused(
    settings: LanguageModelSettings, tmp_path: Path, change: str, sentence: str
) -> None:
    task = write_task(tmp_path, f"{TASK}\n{change}\n")
    with pytest.raises(UserError, match=sentence) as refused:
        KIND.prepare(dataclasses.replace(settings, task=str(task)))
    assert "\n" not in str(refused.value)


def test_a_model_that_cannot_be_loaded_or_read_with_is_refused(
    settings: LanguageModelSettings, tiny_model: Path, tmp_path: Path
) -> None:
    cut, untold = shutil.copytree(tiny_model, tmp_path / "cut"), shutil.copytree(tiny_model, tmp_path / "untold")
    (cut / "model.safetensors").write_bytes((tiny_model / "model.safetensors").read_bytes()[:3000])
    for file in untold.glob("tokenizer*"):
        file.unlink()
    for model in (cut, untold, tmp_path):
        with pytest.raises(UserError, match=f"^model_path {model}: ") as refused:
            KIND.prepare(dataclasses.replace(settings, model_path=str(model)))
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"rank": 2}, "unexpected keyword argument 'rank'"),
        ({"r": 2, "target_modules": ["nowhere"]}, "nowhere.* not found"),
        ({"r": 0}, "`r` should be a positive integer"),
        ({"r": "two"}, "peft_config .*; give the fields of peft's LoraConfig"),
        ([1], "it must be a mapping from the fields of LoraConfig to values"),
    ],
)
def test_adapters_that_do_not_fit_the_model_are_refused(
    settings: LanguageModelSettings, tmp_path: Path, fields: object, sentence: str
) -> None:
    file = tmp_path / "lora.json"
    file.write_text(json.dumps(fields), encoding="utf-8")
    with pytest.raises(UserError, match=sentence) as refused:
        KIND.prepare(dataclasses.replace(settings, peft_config=str(file)))
    assert "\n" not in str(refused.value)
