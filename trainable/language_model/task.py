"""A task: what a language model is asked, rewarded for and judged by, in one Python file of the user's.

The file defines, by these names:

    TRAINING, VALIDATION    rows: lists of dicts, or datasets.Datasets, or functions of no arguments that give one;
                            column "prompt" is text or chat messages, the others are handed to the functions below
    REWARDS                 from name to reward function, as TRL calls them: (completions, **columns) -> list of numbers
    is_correct              (completion, **columns of a row) -> bool, of a completion's text
    TOKEN_BUDGETS           the grid on which validation judges, increasing

and, where it likes:

    WEIGHTS                 from a reward's name to its weight; 1 where it names none
    MAX_COMPLETION_LENGTH   tokens at which completions are cut; by default the largest budget
    CONSTANT_ANSWERS        completions, the best of which, given to every prompt, is a baseline
    DEFAULTS                from setting to its value where a user gives none: what is searched starts from there
    model                   a function of no arguments: the model's folder or hub name, made where it is not there yet
"""

import inspect
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from trainable.contract import SettingError, UserError
from trainable.language_model.settings import LanguageModelSettings, as_pairs
from trainable.language_model.token_budgets import OVER_BUDGET
from trainable.runs.code_faults import cause_with_place
from trainable.runs.source_files import SourceFiles, import_source_files, read_source_files
from trainable.settings_fields import Role, names_with, single_fields, with_values

Row = dict[str, Any]
Reward = Callable[..., list[float | None]]


@dataclass(frozen=True)
class Task:
    """A task's file, imported and checked; rows are read apart, by the planning process alone."""

    sources: SourceFiles
    """What a process that trains imports it from."""
    rewards: Mapping[str, Reward]
    weights: Mapping[str, float]
    """Of every reward."""
    is_correct: Callable[..., bool]
    token_budgets: tuple[int, ...]
    max_completion_length: int
    constant_answers: tuple[str, ...]
    defaults: Mapping[str, Any]
    module: ModuleType

    def rows(self, name: str) -> list[Row]:
        """TRAINING or VALIDATION.

        Raises:
            SettingError: there are none, or a row is of no use.
        """
        given = _required(self.module, self.sources.file, name)
        rows = asked(self.sources.file, f"{name}()", given) if callable(given) else given
        rows = rows.to_list() if hasattr(rows, "to_list") else rows  # of a datasets.Dataset
        if not isinstance(rows, (list, tuple)) or not rows:
            raise refused(
                self.sources.file, f"{name} is {rows!r:.60}; it must be a list of dicts or a Dataset, not empty"
            )
        for number, row in enumerate(rows):
            self._check_row(f"{name}[{number}]", row, rows[0])
        return list(rows)

    def _check_row(self, which: str, row: Any, first: Any) -> None:
        if not isinstance(row, dict) or not _is_prompt(row.get("prompt")):
            raise refused(
                self.sources.file,
                f"{which} is {row!r:.60}; it must be a dict with a 'prompt', text or chat messages "
                "({'role': ..., 'content': ...}), not empty",
            )
        if row.keys() != first.keys() or type(row["prompt"]) is not type(first["prompt"]):
            raise refused(self.sources.file, f"{which} has other columns or another kind of prompt than the first row")
        taken = {"completion", "completions", "completion_ids", "prompts"} & row.keys()
        if taken:
            raise refused(
                self.sources.file, f"{which} has a column {taken.pop()!r}, which rewards are given; rename it"
            )
        try:
            json.dumps(row)
        except (TypeError, ValueError) as error:
            raise refused(self.sources.file, f"{which}: {error}; rows hold text, numbers, lists and dicts") from None

    def judged(self, completion: str, row: Row, which: str) -> bool:
        """Whether the task takes a completion of this row for correct.

        Args:
            which: the row, for the error.
        """
        columns = {name: value for name, value in row.items() if name != "completion"}
        return bool(asked(self.sources.file, f"is_correct of {which}", self.is_correct, completion, **columns))

    def model_path(self) -> str:
        """Of its own model.

        Raises:
            SettingError: it has none, or it cannot be made.
        """
        make = getattr(self.module, "model", None)
        if make is None:
            raise SettingError("model_path", " is not given, and the task has no model() of its own; give --model_path")
        path = asked(self.sources.file, "model()", make) if callable(make) else None
        if not isinstance(path, (str, Path)) or not str(path):
            raise refused(self.sources.file, "model must be a function that returns a folder or a hub name")
        return str(path)


def read_task(file: Path, reward_weights: Sequence[str] = ()) -> Task:
    """The task in a file, which is imported.

    Args:
        reward_weights: NAME=NUMBER, in place of the task's own.

    Raises:
        UserError: the file cannot be imported, or lacks something, or something in it is of no use.
    """
    return import_task(read_source_files(file, "task"), reward_weights)


def import_task(sources: SourceFiles, reward_weights: Sequence[str] = ()) -> Task:
    """As `read_task`, from what was read of its files."""
    file = sources.file
    module = asked(file, "importing it", import_source_files, sources)
    rewards = _required(module, file, "REWARDS")
    if not isinstance(rewards, dict) or not rewards:
        raise refused(file, f"REWARDS is {rewards!r:.60}; it must be a dict from name to reward function, not empty")
    for name, reward in rewards.items():
        if not isinstance(name, str) or not name.isidentifier() or name == OVER_BUDGET:
            raise refused(
                file, f"REWARDS has the name {name!r}; a name is letters, digits and _, and {OVER_BUDGET} is taken"
            )
        if not callable(reward):
            raise refused(file, f"REWARDS[{name!r}] is {reward!r:.60}; it must be a function")
    is_correct = _required(module, file, "is_correct")
    if not callable(is_correct):
        raise refused(file, f"is_correct is {is_correct!r:.60}; it must be a function")
    budgets = _required(module, file, "TOKEN_BUDGETS")
    if not _are_budgets(budgets):
        raise refused(file, f"TOKEN_BUDGETS is {budgets!r:.60}; it must be whole numbers from 1, increasing")
    longest = getattr(module, "MAX_COMPLETION_LENGTH", budgets[-1])
    if type(longest) is not int or longest < budgets[-1]:
        raise refused(
            file,
            f"MAX_COMPLETION_LENGTH is {longest!r:.60}; it must be a whole number of tokens, at least the largest of "
            f"TOKEN_BUDGETS ({budgets[-1]})",
        )
    answers = getattr(module, "CONSTANT_ANSWERS", ())
    if not isinstance(answers, (list, tuple)) or not all(isinstance(answer, str) for answer in answers):
        raise refused(file, f"CONSTANT_ANSWERS is {answers!r:.60}; it must be a list of texts")
    return Task(
        sources=sources,
        rewards=rewards,
        weights=_weights(module, file, rewards, reward_weights),
        is_correct=is_correct,
        token_budgets=tuple(budgets),
        max_completion_length=longest,
        constant_answers=tuple(answers),
        defaults=_defaults(module, file),
        module=module,
    )


def _defaults(module: ModuleType, file: Path) -> dict[str, Any]:
    defaults = getattr(module, "DEFAULTS", {})
    settings = single_fields(LanguageModelSettings).keys() - names_with(Role.DATA, LanguageModelSettings)
    if not isinstance(defaults, dict) or not defaults.keys() <= settings:
        names = ", ".join(sorted(settings))
        raise refused(file, f"DEFAULTS is {defaults!r:.60}; it must be a dict from settings, {names}, to values")
    try:
        with_values(LanguageModelSettings(), defaults)
    except UserError as error:
        raise refused(file, f"DEFAULTS: {error}") from None
    return defaults


def _weights(module: ModuleType, file: Path, rewards: Mapping[str, Any], given: Sequence[str]) -> dict[str, float]:
    of_task = getattr(module, "WEIGHTS", {})
    is_of_rewards = isinstance(of_task, dict) and of_task.keys() <= rewards.keys()
    if not is_of_rewards or not all(map(_is_number, of_task.values())):
        names = ", ".join(rewards)
        raise refused(file, f"WEIGHTS is {of_task!r:.60}; it must be a dict from names in REWARDS ({names}) to numbers")
    weights = {**dict.fromkeys(rewards, 1.0), **of_task}
    for name, text in as_pairs("reward_weights", tuple(given)).items():
        if name not in rewards:
            raise SettingError("reward_weights", f" {name}={text}: the task's rewards are {', '.join(rewards)}")
        try:
            weights[name] = float(text)
        except ValueError:
            weights[name] = math.nan
        if not math.isfinite(weights[name]):
            raise SettingError("reward_weights", f" {name}={text}: a weight is a finite number")
    return weights


def require_rewards(task: Task, rows: Sequence[Row], completions: Sequence[str], tokens: Sequence[list[int]]) -> None:
    """Call every reward once as TRL will, so that a fault in it is told before anything starts.

    Args:
        completions: of these rows, with their tokens.

    Raises:
        SettingError: one raises, or does not return a number for each completion.
    """
    prompts = [row["prompt"] for row in rows]
    given = {
        "prompts": prompts,
        "completions": [
            text if isinstance(prompt, str) else [{"role": "assistant", "content": text}]
            for prompt, text in zip(prompts, completions, strict=True)
        ],
        "completion_ids": tokens,
        **{name: [row[name] for row in rows] for name in rows[0] if name != "prompt"},
        **of_trainer(),
    }
    for name, reward in task.rewards.items():
        if inspect.iscoroutinefunction(reward):
            continue  # TRL awaits it in a loop of its own
        rewards = asked(task.sources.file, f"REWARDS[{name!r}]", reward, **given)
        is_whole = isinstance(rewards, (list, tuple)) and len(rewards) == len(rows)
        if not is_whole or not all(one is None or _is_number(one) for one in rewards):
            raise refused(
                task.sources.file,
                f"REWARDS[{name!r}] returned {rewards!r:.60} for {len(rows)} completions; it must return a list with a "
                "number for each",
            )


def of_trainer() -> dict[str, Any]:
    """What TRL hands to rewards of its own: its state, and two functions that log."""
    from transformers import TrainerState

    return {"trainer_state": TrainerState(), "log_extra": lambda *_: None, "log_metric": lambda *_: None}


def refused(file: Path, why: str) -> SettingError:
    return SettingError("task", f" {file}: {why}")


def asked(file: Path, what: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """What a function of the task gives.

    Raises:
        SettingError: it raised anything.
    """
    try:
        return function(*arguments, **named)
    except (Exception, SystemExit) as error:  # the user's own code: whatever it raises is the user's answer
        raise refused(file, f"{what} raised {cause_with_place(error)}; mend it there") from error


def _required(module: ModuleType, file: Path, name: str) -> Any:
    if not hasattr(module, name):
        raise refused(file, f"it defines no {name}; docs/trl.md shows what a task is")
    return getattr(module, name)


def _is_prompt(prompt: Any) -> bool:
    if isinstance(prompt, str):
        return bool(prompt)
    are_messages = isinstance(prompt, list) and all(isinstance(message, dict) for message in prompt)
    return are_messages and bool(prompt) and all({"role", "content"} <= message.keys() for message in prompt)


def _are_budgets(budgets: Any) -> bool:
    if not isinstance(budgets, (list, tuple)) or not all(type(budget) is int for budget in budgets):
        return False
    return bool(budgets) and budgets[0] >= 1 and sorted(set(budgets)) == list(budgets)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
