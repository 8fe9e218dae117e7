"""GRPO on a language model with TRL, as the kind of run that a sweep can choose. Importing it is cheap."""

import functools
import gc
import hashlib
import json
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainable import contract
from trainable.contract import UserError
from trainable.language_model import token_budgets
from trainable.language_model.settings import LanguageModelSettings
from trainable.language_model.token_budgets import Judgement
from trainable.language_model.train_metrics import reward_metric
from trainable.runs import Baseline, DataDescription, Figure, Metric, RunContext, RunKind, WorkerContext
from trainable.score_parts import interval
from trainable.seeds import seed_of

if TYPE_CHECKING:
    from trainable.language_model.models import LanguageModel
    from trainable.language_model.run import LanguageModelRun
    from trainable.language_model.task_data import TaskData


class TrlGrpo(RunKind):
    name = "trl_grpo"
    settings_type = LanguageModelSettings
    search_space = "trl_grpo"
    run_name = "trl-g{num_generations}-lr{lr:.3g}-{created}"
    objective = token_budgets.IN_BUDGET_ACCURACY
    metrics = (
        Metric(token_budgets.IN_BUDGET_ACCURACY, "in-budget accuracy", "max"),
        Metric(token_budgets.ACCURACY, "accuracy", "max"),
        Metric(token_budgets.COMPLETION_LENGTH, "completion length (tokens)", "min"),
        Metric(token_budgets.OVER_BUDGET_RATE, "over-budget rate", "min"),
        Metric(contract.TRAIN_LOSS, "loss"),
        Metric(contract.TRAIN_REWARD_MEAN, "training reward"),
        Metric(contract.TRAIN_REWARD_STD, "spread of training rewards"),
        Metric(contract.TRAIN_ENTROPY, "entropy"),
        Metric(contract.TRAIN_ZERO_VARIANCE_GROUPS, "groups without a difference"),
        Metric("Train/Over_Budget", "training overshoot (parts of a budget)"),
        Metric("Train/Completion_Length", "training completion length (tokens)"),
        Metric("Train/Cut_Completions", "completions cut at their longest"),
        Metric("Train/KL", "divergence from the model as it came"),
        Metric("Train/Clip_Ratio", "share of clipped tokens"),
        Metric("Train/Grad_Norm", "gradient norm"),
        Metric("Train/Learning_Rate", "learning rate"),
        Metric(contract.PERF_SAMPLES_PER_SECOND, "completions per second"),
        Metric(contract.PERF_PEAK_GPU_MEMORY_MB, "peak GPU memory (MB)"),
    )
    precisions = contract.PRECISIONS
    trade_off = token_budgets.OVER_BUDGET_RATE
    figures = (
        Figure(
            token_budgets.FIGURE,
            "Accuracy within a token budget",
            "token budget",
            "correct and within the budget",
            reading="How much of what is answered correctly is answered within so many tokens.",
        ),
    )
    packages = ("trl", "transformers", "peft", "datasets", "accelerate")

    def defaults(self, settings: LanguageModelSettings) -> Mapping[str, Any]:
        """The task's own. A task that is not there is told of where all paths are looked at."""
        from trainable.language_model.task import read_task

        _require_packages()
        file = Path(settings.task or "")
        return read_task(file).defaults if file.is_file() else {}

    def check(self, settings: LanguageModelSettings) -> None:
        from trainable.language_model.trl_config import grpo_config

        grpo_config(settings, seed=0, num_epochs=1, device="cpu", folder=Path("unused"))

    def prepare(self, settings: LanguageModelSettings) -> "TaskData":
        from trainable.language_model.task_data import read_task_data

        return read_task_data(settings)

    def describe(self, settings: LanguageModelSettings, data: "TaskData") -> DataDescription:
        from trainable.language_model.task import import_task

        rewards = import_task(data.sources, settings.reward_weights).rewards
        budgets = ", ".join(map(str, data.as_it_came.budgets))
        summary = (
            f"{data.sources.file.name}: {len(data.training)} prompts to train on, {len(data.validation)} to validate "
            f"on, token budgets {budgets}; {data.model}{' with adapters' if data.lora is not None else ''}"
        )
        baselines = [_baseline("the model as it came", data.as_it_came)]
        if data.best_constant:
            answer, judgement = data.best_constant
            baselines.append(_baseline(f"always {answer!r}", judgement))
        return DataDescription(
            summary,
            _digest(data.sources.hashes, data.validation),
            tuple(baselines),
            _digest(data.training, data.model_digest, data.lora),
            tuple(Metric(reward_metric(name), f"training reward {name!r}") for name in rewards),
        )

    def load(self, settings: LanguageModelSettings, context: WorkerContext) -> "Callable[[str], LanguageModel]":
        """How to load the model: where it lies is the data's to say, and one load serves all trials of a process."""
        from trainable.language_model.models import be_quiet, load_language_model
        from trainable.language_model.trl_config import given_config

        be_quiet()
        given = given_config(settings)

        @functools.cache
        def loaded(path: str) -> "LanguageModel":
            language_model = load_language_model(path, given)
            gc.freeze()  # it stays, as the libraries do: each trial begins and ends with a search for what does not
            return language_model

        return loaded

    def start(self, settings: LanguageModelSettings, data: "TaskData", context: RunContext) -> "LanguageModelRun":
        from trainable.language_model.judging import Judge
        from trainable.language_model.models import lora_config
        from trainable.language_model.prompts import PromptSampler
        from trainable.language_model.run import LanguageModelRun
        from trainable.language_model.task import import_task
        from trainable.language_model.trl_config import Batches, given_config, grpo_config

        if len(context.devices) > 1:
            raise UserError(
                f"a trial of {self.name} trains on one GPU, and was given {len(context.devices)}; give "
                "--gpus_per_trial 1 or less"
            )
        given = given_config(settings)
        task = import_task(data.sources, settings.reward_weights)
        language_model = context.loaded(data.model_path)
        batches = Batches.of(settings, given)
        config = grpo_config(
            settings,
            task,
            seed=seed_of(context.seed, "start") % 2**32,
            num_epochs=context.num_epochs,
            device=context.devices[0],
            precision=context.precision,
            folder=context.workspace,
        )
        return LanguageModelRun(
            language_model,
            config,
            {**task.rewards, token_budgets.OVER_BUDGET: token_budgets.over_budget_reward(task.token_budgets)},
            data.training,
            PromptSampler(
                num_rows=len(data.training),
                seed=context.seed,
                num_batches=batches.in_epoch * context.num_epochs,
                prompts_per_batch=batches.prompts,
                num_generations=settings.num_generations,
                repeats=batches.repeats,
            ),
            Judge(task, data.validation, language_model, config),
            steps_per_epoch=settings.steps_per_epoch,
            seed=context.seed,
            peft_config=lora_config(data.lora) if data.lora is not None else None,
        )


def _require_packages() -> None:
    missing = [name for name in ("trl", "peft", "datasets", "accelerate") if not find_spec(name)]
    if missing:
        raise UserError(f"--run {TrlGrpo.name} needs {', '.join(missing)}; install with: pip install '.[trl]'")


def _baseline(name: str, judgement: Judgement) -> Baseline:
    score, details = judgement.metrics()[token_budgets.IN_BUDGET_ACCURACY], judgement.details()
    return Baseline(name, score, *interval(judgement.parts), judgement.parts, details.curves)


def _digest(*content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


KIND = TrlGrpo()
