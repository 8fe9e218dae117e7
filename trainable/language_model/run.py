"""GRPO on a language model: TRL's trainer, held at the end of every epoch, and judged there by greedy decoding.

Everything random is drawn from the seed, and from the epoch where it is drawn as the training goes: prompts come in an
order of their own (`prompts.py`), and torch is seeded where an epoch begins. So a resumed training is the uninterrupted
one, bit for bit on the same device, and a checkpoint holds no generator's state.
"""

import copy
import gc
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from peft import PeftConfig
from torch.utils.data import Sampler
from transformers import PrinterCallback, TrainerCallback, set_seed
from trl import GRPOConfig, GRPOTrainer

from trainable import contract
from trainable.language_model.judging import Judge
from trainable.language_model.models import LanguageModel
from trainable.language_model.prompts import PromptSampler
from trainable.language_model.token_budgets import Judgement
from trainable.language_model.train_metrics import not_finite, train_metrics
from trainable.runs import Details, Diverged, Run
from trainable.runs.held_trainer import HeldTrainer
from trainable.seeds import seed_of


class LanguageModelRun(Run):
    """One training of a language model, from its start or from a checkpoint.

    Args:
        language_model: it trains a copy.
        rewards: TRL's reward functions by name, in the order of the weights in `config`.
        rows: to train on.
        sampler: which of them, when.
        steps_per_epoch: of the optimizer.
        seed: what is drawn in an epoch comes from it and the epoch.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        config: GRPOConfig,
        rewards: Mapping[str, Any],
        rows: Sequence[Mapping[str, Any]],
        sampler: PromptSampler,
        judge: Judge,
        *,
        steps_per_epoch: int,
        seed: int,
        peft_config: PeftConfig | None,
    ) -> None:
        self._language_model, self._config, self._rewards, self._rows = language_model, config, rewards, rows
        self._sampler, self._judge, self._peft_config = sampler, judge, peft_config
        self._pace = _Pace(steps_per_epoch, seed)
        self._trainer: _Trainer | None = None
        self._judgement: Judgement | None = None

    def step(self) -> dict[str, float]:
        """Train for one epoch, then judge.

        Raises:
            Diverged: a loss or a gradient is no longer finite.
        """
        trainer = self._trainer or self._begin()
        started = time.perf_counter()
        self._pace.held.advance()
        elapsed = time.perf_counter() - started
        if diverged := not_finite(self._pace.logged):
            raise Diverged(diverged)
        self._judgement = self._judge.judge(self._judge.complete(trainer.model))
        part_of_training = self._pace.steps_per_epoch / self._config.max_steps
        completions = len(self._sampler) / self._sampler.repeats * part_of_training
        return {
            **train_metrics(self._pace.logged),
            **self._judgement.metrics(),
            contract.PERF_SAMPLES_PER_SECOND: completions / elapsed,
            **_peak_memory(trainer.model.device),
        }

    def save(self, folder: Path) -> None:
        assert self._trainer
        self._trainer.save_into(folder)

    def load(self, folder: Path) -> None:
        self._begin(folder)

    def _begin(self, checkpoint: Path | None = None) -> "_Trainer":
        """Have a trainer stand where its training begins, or goes on: all that a checkpoint holds is read then."""
        from datasets import Dataset

        trainer = self._trainer = _Trainer(
            copy.deepcopy(self._language_model.model),
            list(self._rewards.values()),
            self._config,
            train_dataset=Dataset.from_list(list(self._rows)),
            processing_class=self._language_model.tokenizer,
            callbacks=[self._pace],
            peft_config=self._peft_config,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.sampler = self._sampler
        trainer.reward_func_names = list(self._rewards)  # not by what the functions are called
        resumed = str(checkpoint) if checkpoint else None
        self._pace.held = HeldTrainer(lambda: trainer.train(resume_from_checkpoint=resumed))
        self._pace.held.advance()
        return trainer

    def close(self) -> None:
        if self._trainer:
            self._pace.held.close()
        self._trainer = None
        gc.collect()  # trainer, callbacks and optimizer refer to each other
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def samples(self) -> list[dict[str, str | float]]:
        return self._judge.samples(self._judgement) if self._judgement else []

    def details(self) -> Details | None:
        return self._judgement.details() if self._judgement else None


class _Pace(TrainerCallback):
    """Holds the trainer where its training begins and where an epoch's numbers are logged, and seeds each epoch."""

    held: HeldTrainer

    def __init__(self, steps_per_epoch: int, seed: int) -> None:
        self.steps_per_epoch, self._seed = steps_per_epoch, seed
        self.logged: dict[str, float | None] = {}

    def on_train_begin(self, *_: Any, **__: Any) -> None:
        self.held.hold()

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """After the loader has begun, which draws a number of its own, and before the first completion is sampled."""
        epoch, step = divmod(state.global_step, self.steps_per_epoch)
        if step == 0:
            set_seed(seed_of(self._seed, epoch + 1, "completions") % 2**32)

    def on_log(self, *_: Any, **named: Any) -> None:
        """Of an epoch; when all is done, TRL logs a summary as well."""
        if "loss" in named["logs"]:
            self.logged = dict(named["logs"])
            self.held.hold()


class _Trainer(GRPOTrainer):
    """TRL's, with prompts in our order; it sends nothing, and saves when it is asked to."""

    sampler: Sampler[int]

    def _get_train_sampler(self, dataset: Any = None) -> Sampler[int]:
        """As GRPOTrainer's is overridden in TRL 1.16."""
        return self.sampler

    def training_step(self, *arguments: Any, **named: Any) -> torch.Tensor:
        """
        Raises:
            Diverged: the loss is not finite: what would be sampled next is of no worth.
        """
        loss: torch.Tensor = super().training_step(*arguments, **named)
        if not torch.isfinite(loss):
            raise Diverged(f"loss is {loss.item()}")
        return loss

    def save_into(self, folder: Path) -> None:
        """Write what `train(resume_from_checkpoint=folder)` reads.

        With the private method of transformers (5.24) that its own loop calls, which knows every part of a trainer's
        state. It puts a folder of its own into the one that it is given.
        """
        self.args.output_dir = str(folder)
        self._save_checkpoint(self.model, trial=None)
        (inner,) = folder.iterdir()
        for file in inner.iterdir():
            file.rename(folder / file.name)
        inner.rmdir()
        for unread in ("rng_state.pth", "training_args.bin"):
            (folder / unread).unlink()

    def create_model_card(self, *_: Any, **__: Any) -> None:
        """A checkpoint needs none."""

    def _send_telemetry(self) -> None:
        """As it is called in TRL 1.16."""


def _peak_memory(device: Any) -> dict[str, float]:
    """On a GPU, most that was taken since the last time."""
    if device.type != "cuda":
        return {}
    peak = torch.cuda.max_memory_allocated(device) / 2**20
    torch.cuda.reset_peak_memory_stats(device)
    return {contract.PERF_PEAK_GPU_MEMORY_MB: peak}
