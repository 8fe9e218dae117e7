"""A task's file: what it may hold, and the sentence for each fault."""

from pathlib import Path

import pytest
from tiny_language_model import TASK, write_task

from trainable.contract import UserError
from trainable.language_model.task import read_task, require_rewards


def test_a_task_is_a_small_file(tmp_path: Path) -> None:
    task = read_task(write_task(tmp_path))
    assert dict(task.weights) == {"correct": 1.0, "short": 0.2}
    assert task.rows("TRAINING")[1] == {"prompt": "0+1=", "answer": "1"}
    assert task.judged("1", task.rows("VALIDATION")[1], "a row")
    assert (task.token_budgets, task.max_completion_length) == ((2, 4), 6)


def test_weights_that_are_given_win(tmp_path: Path) -> None:
    assert read_task(write_task(tmp_path), ["short=0"]).weights["short"] == 0.0
    with pytest.raises(UserError, match="reward_weights long=1: the task's rewards are correct, short"):
        read_task(write_task(tmp_path), ["long=1"])
    with pytest.raises(UserError, match="reward_weights short=x: a weight is a finite number"):
        read_task(write_task(tmp_path), ["short=x"])


def test_rows_may_be_a_function_or_a_dataset_and_prompts_chats(tmp_path: Path) -> None:
    text = (
        TASK
        + """
from datasets import Dataset
from sum_words import greeting

def TRAINING():
    return Dataset.from_list([{"prompt": [{"role": "user", "content": greeting}]}])
"""
    )
    (tmp_path / "sum_words.py").write_text('greeting = "Hello"\n', encoding="utf-8")
    (row,) = read_task(write_task(tmp_path, text)).rows("TRAINING")
    assert row["prompt"] == [{"role": "user", "content": "Hello"}]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("del REWARDS", "it defines no REWARDS; docs/trl.md shows what a task is"),
        ("del is_correct", "it defines no is_correct"),
        ("del TOKEN_BUDGETS", "it defines no TOKEN_BUDGETS"),
        ("REWARDS = {}", "REWARDS is {}; it must be a dict from name to reward function, not empty"),
        ("REWARDS = [correct]", "REWARDS is .*; it must be a dict"),
        ("REWARDS = {'correct': 1}", r"REWARDS\['correct'\] is 1; it must be a function"),
        ("REWARDS = {'over_budget': correct}", "REWARDS has the name 'over_budget'; .* over_budget is taken"),
        ("REWARDS = {'a b': correct}", "REWARDS has the name 'a b'; a name is letters, digits and _"),
        ("WEIGHTS = {'long': 1}", "WEIGHTS is .*; it must be a dict from names in REWARDS"),
        ("WEIGHTS = {'short': float('nan')}", "WEIGHTS is .*; it must be a dict from names in REWARDS"),
        ("is_correct = True", "is_correct is True; it must be a function"),
        ("TOKEN_BUDGETS = ()", r"TOKEN_BUDGETS is \(\); it must be whole numbers from 1, increasing"),
        ("TOKEN_BUDGETS = (4, 2)", "it must be whole numbers from 1, increasing"),
        ("TOKEN_BUDGETS = (0, 2)", "it must be whole numbers from 1, increasing"),
        ("TOKEN_BUDGETS = 4", "TOKEN_BUDGETS is 4; it must be whole numbers"),
        ("MAX_COMPLETION_LENGTH = 3", "MAX_COMPLETION_LENGTH is 3; .* at least the largest of TOKEN_BUDGETS"),
        ("CONSTANT_ANSWERS = [4]", r"CONSTANT_ANSWERS is \[4\]; it must be a list of texts"),
        ("DEFAULTS = {'learning_rate': 1}", "DEFAULTS is .*; it must be a dict from settings"),
        ("DEFAULTS = {'lr': -1.0}", "DEFAULTS: lr is -1.0; it must be above 0"),
        ("DEFAULTS = {'task': 'other.py'}", "DEFAULTS is .*; it must be a dict from settings"),
        ("1 / 0", r"importing it raised ZeroDivisionError: division by zero \(.*sums.py, line \d+\); mend it there"),
        ("import nothing_of_this_name", "importing it raised ModuleNotFoundError"),
        ("raise SystemExit(3)", "importing it raised SystemExit: 3"),
        ("def (", "it is not Python"),
    ],
)
def test_a_fault_in_a_task_gets_its_sentence(tmp_path: Path, change: str, sentence: str) -> None:
    with pytest.raises(UserError, match=sentence) as refused:
        read_task(write_task(tmp_path, f"{TASK}\n{change}\n"))
    assert str(refused.value).startswith(f"task {tmp_path}/sums.py")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ("[]", r"TRAINING is \[\]; it must be a list of dicts or a Dataset, not empty"),
        ("5", "TRAINING is 5; it must be a list of dicts"),
        ("lambda: None", "TRAINING is None; it must be a list of dicts"),
        ("lambda: 1 / 0", r"TRAINING\(\) raised ZeroDivisionError"),
        ("['a']", r"TRAINING\[0\] is 'a'; it must be a dict with a 'prompt'"),
        ("[{'question': 'a'}]", r"TRAINING\[0\] is .*; it must be a dict with a 'prompt'"),
        ("[{'prompt': ''}]", "it must be a dict with a 'prompt', text or chat messages .*, not empty"),
        ("[{'prompt': [{'role': 'user'}]}]", "it must be a dict with a 'prompt'"),
        ("[{'prompt': 'a'}, {'prompt': 'b', 'answer': 1}]", r"TRAINING\[1\] has other columns"),
        ("[{'prompt': 'a', 'completions': 'b'}]", "has a column 'completions', which rewards are given; rename it"),
        ("[{'prompt': 'a', 'answer': {1, 2}}]", r"TRAINING\[0\]: .*set.*; rows hold text, numbers, lists and dicts"),
    ],
)
def test_a_row_of_no_use_gets_its_sentence(tmp_path: Path, rows: str, sentence: str) -> None:
    task = read_task(write_task(tmp_path, f"{TASK}\nTRAINING = {rows}\n"))
    with pytest.raises(UserError, match=sentence):
        task.rows("TRAINING")


@pytest.mark.parametrize(
    ("reward", "sentence"),
    [
        ("lambda completions, **columns: [1.0]", r"REWARDS\['mine'\] returned \[1.0\] for 2 completions"),
        ("lambda completions, **columns: ['a', 'b']", r"it must return a list with a number for each"),
        ("lambda completions: [1.0, 1.0]", r"REWARDS\['mine'\] raised TypeError"),
        ("lambda completions, **columns: 1 / 0", r"REWARDS\['mine'\] raised ZeroDivisionError"),
    ],
)
def test_a_reward_of_no_use_is_found_out_before_anything_starts(tmp_path: Path, reward: str, sentence: str) -> None:
    task = read_task(write_task(tmp_path, f"{TASK}\nREWARDS['mine'] = {reward}\n"))
    with pytest.raises(UserError, match=sentence):
        require_rewards(task, task.rows("VALIDATION")[:2], ["1", "2"], [[1], [2]])


def test_a_model_of_the_tasks_own_is_asked_for_where_none_is_given(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model_path is not given, and the task has no model\(\) of its own"):
        read_task(write_task(tmp_path)).model_path()
    (tmp_path / "b").mkdir()
    with pytest.raises(UserError, match="model must be a function that returns a folder or a hub name"):
        read_task(write_task(tmp_path / "b", f"{TASK}\nmodel = 5\n")).model_path()
    (tmp_path / "c").mkdir()
    assert read_task(write_task(tmp_path / "c", f"{TASK}\ndef model():\n    return 'a/b'\n")).model_path() == "a/b"
