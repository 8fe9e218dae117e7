"""What the trials of a sweep share of a task, and what is known of it before any of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from trainable.contract import SettingError
from trainable.language_model.judging import Judge
from trainable.language_model.models import (
    be_quiet,
    digest_of_model,
    in_words,
    load_language_model,
    prompt_tokens,
    read_lora_fields,
    require_fitting,
)
from trainable.language_model.settings import LanguageModelSettings
from trainable.language_model.task import Row, read_task, require_rewards
from trainable.language_model.token_budgets import Judgement
from trainable.language_model.trl_config import given_config, grpo_config
from trainable.runs.source_files import SourceFiles

_TRIED_ROWS = 4
"""Training rows on which every reward is tried."""


@dataclass(frozen=True)
class TaskData:
    """It travels to whoever trains; the model, which is dear, does not."""

    sources: SourceFiles
    training: list[Row]
    validation: list[Row]
    model_path: str
    """A folder or a hub name."""
    model: str
    """In words."""
    model_digest: str
    lora: Mapping[str, Any] | None
    """Fields of peft's LoraConfig; None where the whole model is trained."""
    as_it_came: Judgement
    best_constant: tuple[str, Judgement] | None


def read_task_data(settings: LanguageModelSettings) -> TaskData:
    """Read a task and its model, try every function of it, and judge the model as it came.

    Raises:
        UserError: something in it, in the model or in the settings is of no use.
    """
    if not settings.task:
        raise SettingError("task", " is not given; give --task FILE.py, such as examples/arithmetic/task.py")
    be_quiet()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    task = read_task(Path(settings.task), settings.reward_weights)
    config = grpo_config(settings, task, seed=0, num_epochs=1, device=device, folder=Path("unused"))
    training, validation = task.rows("TRAINING"), task.rows("VALIDATION")
    model_path = settings.model_path or task.model_path()
    language_model = load_language_model(model_path, given_config(settings))
    for rows in (training, validation):
        prompts = [row["prompt"] for row in rows]
        tokens = prompt_tokens(language_model.tokenizer, prompts, config.chat_template_kwargs)
        require_fitting(language_model, tokens, task.max_completion_length)
    judge = Judge(task, validation, language_model, config)
    completions = judge.complete(language_model.model.to(device))
    language_model.model.to("cpu")
    as_it_came = judge.judge(completions)
    tried = min(_TRIED_ROWS, len(training), len(validation))
    texts = [one.text for one in as_it_came.completions[:tried]]
    require_rewards(task, training[:tried], texts, completions[:tried])
    digest, words = digest_of_model(language_model), in_words(language_model)
    lora = read_lora_fields(Path(settings.peft_config), language_model) if settings.peft_config else None
    return TaskData(
        sources=task.sources,
        training=training,
        validation=validation,
        model_path=model_path,
        model=words,
        model_digest=digest,
        lora=lora,
        as_it_came=as_it_came,
        best_constant=judge.best_constant(),
    )
