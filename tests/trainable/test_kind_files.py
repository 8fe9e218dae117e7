"""A kind of run in a user's own Python file: found, read, run under a name of its own, and refused in a sentence."""

import pickle
import sys
import textwrap
from pathlib import Path

import pytest

from trainable.contract import UserError
from trainable.runs.choosing import find_run_kind, go_by, read_anew, source_files

KIND = """
from dataclasses import dataclass
from trainable.runs import DataDescription, Figure, Metric, Run, RunKind

@dataclass(frozen=True)
class Settings:
    lr: float = 0.1

class Mine(RunKind):
    name = "mine"
    settings_type = Settings
    search_space = "joint_controller"
    run_name = "mine-{created}"
    objective = "Val/Best"
    metrics = (Metric("Val/Best", direction="max"), Metric("Train/Loss"))

    def describe(self, settings, data):
        return DataDescription("nothing", "none")

    def start(self, settings, data, context):
        raise NotImplementedError

KIND = Mine()
"""


@pytest.fixture(autouse=True)
def _as_a_command_begins() -> None:
    read_anew()


def write(file: Path, text: str) -> str:
    """The name of the kind in it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(textwrap.dedent(text), encoding="utf-8")
    return f"{file}:KIND"


@pytest.mark.parametrize("stem", ["random", "torch", "results", "my-run.v2"])
def test_a_file_may_be_called_like_any_module_and_hides_none(stem: str, tmp_path: Path) -> None:
    name = write(tmp_path / f"{stem}.py", f"import random, torch, results\n{KIND}")
    kind = find_run_kind(name)
    assert kind.name == "mine"
    assert Path(sys.modules[type(kind).__module__].__file__ or "") == tmp_path / f"{stem}.py"
    for module in ("random", "torch", "results"):
        assert Path(sys.modules[module].__file__ or "").parent != tmp_path


def test_files_of_one_name_and_their_neighbours_of_one_name_are_told_apart(tmp_path: Path) -> None:
    lazily = "    def prompt(self):\n        import task\n        return task.Prompt()\n\n    def start"
    names = {}
    for folder in ("a", "b"):
        write(tmp_path / folder / "task.py", f"WHERE = {folder!r}\nclass Prompt:\n    pass\n")
        body = KIND.replace('"nothing"', "task.WHERE").replace("    def start", lazily)
        names[folder] = write(tmp_path / folder / "mine.py", f"import task\n{body}")
    kinds = {folder: find_run_kind(name) for folder, name in names.items()}
    for folder in ("a", "b", "a"):
        kind = find_run_kind(names[folder])
        assert kind is kinds[folder]
        assert kind.describe(None, None).summary == folder
        for thing in (kind.settings_type(), kind.prompt()):  # type: ignore[attr-defined]
            assert type(pickle.loads(pickle.dumps(thing))) is type(thing)
    for kind in kinds.values():  # whichever was found last
        assert pickle.loads(pickle.dumps(kind.settings_type())) == kind.settings_type()


def test_what_an_import_statement_names_belongs_to_the_file_and_nothing_else(tmp_path: Path) -> None:
    for path in ("task.py", "rewards/length.py", "parts/__init__.py", "parts/deep.py", "unused.py", "results/x.py"):
        write(tmp_path / path, "")
    write(tmp_path / "task.py", "from rewards.length import __name__\n")
    write(tmp_path / "parts/__init__.py", "from .deep import __name__\n")
    (tmp_path / "checkpoint.bin").write_bytes(b"\0" * 99)
    name = write(tmp_path / "mine.py", f"def later():\n    import task, os, torch, parts\n{KIND}")
    assert sorted(source_files(name).texts) == [
        "mine.py", "parts/__init__.py", "parts/deep.py", "rewards/length.py", "task.py",
    ]  # fmt: skip


def test_what_was_read_is_what_runs_where_the_files_are_gone(tmp_path: Path) -> None:
    write(tmp_path / "rewards/length.py", "def far():\n    return 7\n")
    body = KIND.replace('"nothing"', "str(__import__('rewards.length').length.far())")
    name = write(tmp_path / "mine.py", f"{body}\nimport rewards.length\n")
    files = source_files(name)
    (tmp_path / "rewards/length.py").unlink()
    (tmp_path / "rewards").rmdir()
    (tmp_path / "mine.py").write_text("an edit that is no Python", encoding="utf-8")
    read_anew()
    go_by(pickle.loads(pickle.dumps(files)))
    assert find_run_kind(name).describe(None, None).summary == "7"


def test_a_file_that_was_edited_is_another_one_to_the_next_command(tmp_path: Path) -> None:
    name = write(tmp_path / "mine.py", KIND)
    before = find_run_kind(name)
    write(tmp_path / "mine.py", KIND.replace("nothing", "something"))
    assert find_run_kind(name) is before
    read_anew()
    assert find_run_kind(name).describe(None, None).summary == "something"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("x = (", r"mine.py, line 1: it is not Python \('\(' was never closed\); mend the file"),
        ("x = '\0'", r"mine.py.*: it is not Python \(.*null byte"),
        (
            "import task_that_is_not_here",
            r"No module named 'task_that_is_not_here' \(.*mine.py, line 1\); install that",
        ),
        ("from trainable.runs import Nothing", r"ImportError: cannot import name 'Nothing' .*mine.py, line 1\); mend"),
        ("\n\nlen(3)", r"TypeError: object of type 'int' has no len\(\) \(.*mine.py, line 3\); mend its code"),
        ("import json\n\njson.loads('')", r"JSONDecodeError: Expecting value.* \(.*mine.py, line 3\); mend its code"),
        ("raise SystemExit(3)", r"SystemExit: 3 \(.*mine.py, line 1\); mend its code"),
        ("", r"mine.py has no 'KIND'; name its kind of run"),
    ],
)
def test_a_file_that_cannot_be_imported_is_told_with_its_line(text: str, sentence: str, tmp_path: Path) -> None:
    refuse(write(tmp_path / "mine.py", text), sentence)


def refuse(name: str, sentence: str) -> None:
    read_anew()
    with pytest.raises(UserError, match=sentence) as told:
        find_run_kind(name)
    assert "\n" not in str(told.value)
    assert str(told.value).startswith("run ")


def test_an_attribute_that_raises_is_told_with_its_line(tmp_path: Path) -> None:
    of_kind = "    @property\n    def packages(self):\n        import not_here\n\n    objective"
    with pytest.raises(UserError) as told:
        find_run_kind(write(tmp_path / "mine.py", KIND.replace("    objective", of_kind)))
    sentence, *way = str(told.value).splitlines()
    assert sentence.startswith("the run's KIND raised ModuleNotFoundError: No module named 'not_here' (")
    assert str(tmp_path / "mine.py") in way[0]


def test_a_fault_of_a_neighbour_is_told_with_the_neighbours_line(tmp_path: Path) -> None:
    name = write(tmp_path / "mine.py", f"import task\n{KIND}")
    write(tmp_path / "task.py", "\nx = (")
    refuse(name, r"task.py, line 2: it is not Python")
    write(tmp_path / "task.py", "\n1 / 0")
    refuse(name, r"ZeroDivisionError: division by zero \(.*task.py, line 2\); mend its code")
    write(tmp_path / "task.py", "")
    read_anew()
    assert find_run_kind(name).name == "mine"


def test_a_neighbour_that_would_hide_an_installed_module_or_be_hidden_by_it_is_refused(tmp_path: Path) -> None:
    for module in ("torch", "queue", "sys", "results"):
        write(tmp_path / f"{module}.py", "")
        name = write(tmp_path / "mine.py", f"import {module}\n{KIND}")
        refuse(name, f"it imports {module}, which lies beside it and is another module's name too .*; rename the one")


def test_a_path_without_a_file_of_python_is_refused(tmp_path: Path) -> None:
    refuse(f"{tmp_path}/none.py:KIND", "none.py: there is no such file; say with --run where it lies")
    (tmp_path / "folder.py").mkdir()
    refuse(f"{tmp_path}/folder.py:KIND", "folder.py: it is a folder; give a file")
    write(tmp_path / "mine.py", KIND)
    for unnamed in (f"{tmp_path}/mine.py", f"file://{tmp_path}/mine.py", f"{tmp_path}/mine.py:"):
        refuse(unnamed, "it names no kind in there; give .*mine.py:KIND")
    assert find_run_kind(f"file://{tmp_path}/mine.py:KIND").name == "mine"


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        ("KIND = Mine()", "KIND = Mine", r"KIND is the class Mine, .* is an instance of it; write Mine\(\)"),
        ("KIND = Mine()", "KIND = 'mine'", "KIND is of type str, .*; it lacks name, settings_type, .*start"),
        ("class Mine(RunKind)", "class Mine", "KIND is of type Mine, .*; derive its class from trainable.runs.RunKind"),
        ("def start", "def begin", r"Can't instantiate abstract class Mine with abstract .*start \(.*line 2\d\)"),
        ('    name = "mine"\n    settings_type = Settings\n', "", "KIND: it lacks name, settings_type, which"),
        ('name = "mine"', 'name = ""', "its name is ''; it must be text"),
        ('name = "mine"', 'name = "my run"', "its name is 'my run'; use letters"),
        ('"joint_controller"', '"space.py"', r"its search_space is 'space.py', which .*with_name\('space.py'\)\)"),
        ('objective = "Val/Best"', 'objective = "Val/B"', "its objective is 'Val/B', .* is not among Val/Best, Train"),
        ('objective = "Val/Best"', 'objective = "Train/Loss"', "its objective is 'Train/Loss', .* has no direction"),
        ('"Train/Loss"', '"Val/Best"', "its metrics hold 'Val/Best' twice"),
        ('"Train/Loss"', '"a\\nb"', r"a metric of it is called 'a\\nb'; a metric's name is one line of text"),
        ('"Train/Loss"', '"done"', "a metric of it is called 'done'; a row has a column of that name"),
        ('"max"', '"up"', "the direction of its metric Val/Best is 'up'; it can be 'max' or 'min'"),
        (
            'Metric("Train/Loss")',
            '"Train/Loss"',
            "its metrics is .*; it must be .* each item of it of type Metric",
        ),
        ("    objective", '    trade_off = "Val/Cost"\n    objective', "its trade_off is 'Val/Cost', .* is not among"),
        (
            "    objective",
            '    packages = "trl"\n    objective',
            "its packages is 'trl'; .* each item .* of type str",
        ),
        (
            "    objective",
            '    packages = ("",)\n    objective',
            "its packages is .*; .* each item .* of type str",
        ),
        (
            "    objective",
            '    precisions = ("fp16",)\n    objective',
            "its precisions hold 'fp16'; they can be fp32, tf32",
        ),
        ("    objective", "    reuses_worker = 1\n    objective", "its reuses_worker is 1; it must be True or False"),
        ("    objective", "    uses_torch = None\n    objective", "its uses_torch is None; it must be True or False"),
        ("    objective", '    figures = 2 * (Figure("f", "", "", ""),)\n    objective', "its figures hold 'f' twice"),
    ],
)
def test_a_kind_that_lacks_what_a_sweep_must_know_is_refused(
    before: str, after: str, sentence: str, tmp_path: Path
) -> None:
    assert before in KIND
    refuse(write(tmp_path / "mine.py", KIND.replace(before, after)), sentence)
