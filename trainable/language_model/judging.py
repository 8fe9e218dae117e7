"""Judges language models on a task's validation prompts, and whoever answers them otherwise."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from trainable.language_model.models import LanguageModel, end_tokens, greedy_completions, prompt_tokens
from trainable.language_model.task import Row, Task
from trainable.language_model.token_budgets import Completion, Judgement

if TYPE_CHECKING:
    from trl import GRPOConfig

_SAMPLES = 8
"""Prompts of an epoch that are shown."""


class Judge:
    """A task's validation rows, tokenized once.

    Args:
        config: of it, how many prompts are completed together, in which precision, and with which chat template.
    """

    def __init__(self, task: Task, rows: Sequence[Row], language_model: LanguageModel, config: "GRPOConfig") -> None:
        self._task, self._rows, self._config = task, rows, config
        self._tokenizer = language_model.tokenizer
        self._end_tokens = end_tokens(language_model)
        prompts = [row["prompt"] for row in rows]
        self._prompts = prompt_tokens(self._tokenizer, prompts, config.chat_template_kwargs)

    def complete(self, model: Any) -> list[list[int]]:
        """The tokens of a model's greedy completions."""
        half = torch.bfloat16 if self._config.bf16 else torch.float16
        with torch.autocast(model.device.type, half, enabled=bool(self._config.bf16 or self._config.fp16)):
            return greedy_completions(
                model,
                self._prompts,
                most_tokens=self._task.max_completion_length,
                batch_size=self._config.per_device_eval_batch_size,
                end_tokens=self._end_tokens,
                pad_token=self._tokenizer.pad_token_id,
            )

    def judge(self, completions: Sequence[list[int]]) -> Judgement:
        """What the task says of these tokens."""
        texts = self._tokenizer.batch_decode(list(completions), skip_special_tokens=True)
        return Judgement(
            tuple(
                Completion(
                    text,
                    len(tokens),
                    bool(tokens) and tokens[-1] in self._end_tokens,
                    self._task.judged(text, row, f"VALIDATION[{number}]"),
                )
                for number, (text, tokens, row) in enumerate(zip(texts, completions, self._rows, strict=True))
            ),
            self._task.token_budgets,
        )

    def best_constant(self) -> tuple[str, Judgement] | None:
        """The one of the task's constant answers that does best when it is given to every prompt; None without any."""
        judged = [(answer, self._judge_constant(answer)) for answer in self._task.constant_answers]
        return max(judged, key=lambda one: sum(one[1].parts.sums), default=None)

    def _judge_constant(self, answer: str) -> Judgement:
        tokens = [*self._tokenizer(answer, add_special_tokens=False)["input_ids"], self._end_tokens[0]]
        return self.judge([tokens] * len(self._rows))

    def samples(self, judgement: Judgement) -> list[dict[str, str | float]]:
        """The first validation prompts with what became of them."""
        return [
            {
                "prompt": _as_text(row["prompt"]),
                "completion": one.text,
                "tokens": float(one.tokens),
                "correct": float(one.is_correct),
            }
            for row, one in zip(self._rows[:_SAMPLES], judgement.completions, strict=False)
        ]


def _as_text(prompt: Any) -> str:
    return prompt if isinstance(prompt, str) else "\n".join(f"{one['role']}: {one['content']}" for one in prompt)
