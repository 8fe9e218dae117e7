"""Which package may import what, and that no module's name hides one that somebody else imports."""

import ast
import importlib.metadata
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("tune", "trainable", "search_spaces", "results")
MODULES = [file for package in PACKAGES for file in sorted((ROOT / package).glob("*.py"))]


def imports(file: Path) -> set[str]:
    """Full names of all that a module imports anywhere in it, those for the type checker included.

    `from a.b import c` counts as a.b.c, since c may be a module.
    """
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: relative imports hide where a name comes from"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def roots(file: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(file)}


def of(package: str) -> list[Path]:
    return [file for file in MODULES if file.parent.name == package]


def names(files: list[Path]) -> list[str]:
    return [f"{file.parent.name}/{file.name}" for file in files]


def test_there_are_modules_to_look_at():
    assert all(len(of(package)) >= 3 for package in PACKAGES)
    assert "torch" in roots(ROOT / "trainable" / "loss.py")
    assert "trainable.contract.UserError" in imports(ROOT / "search_spaces" / "choose.py")


def test_training_knows_ray_in_one_file_only():
    assert names([file for file in of("trainable") if "ray" in roots(file)]) == ["trainable/ray_trainable.py"]


def is_command(file: Path) -> bool:
    return '__name__ == "__main__"' in file.read_text(encoding="utf-8")


def test_training_knows_neither_the_sweep_nor_its_spaces_nor_its_results():
    """A command is the top of the graph: nothing imports it, and it may write its record with `results`."""
    for file in of("trainable"):
        allowed = {"results"} if is_command(file) else set()
        assert not roots(file) & {"tune", "search_spaces", "results", "optuna"} - allowed, file


def test_nothing_imports_a_command():
    commands = {f"{file.parent.name}.{file.stem}" for file in MODULES if is_command(file)}
    assert len(commands) >= 4
    for file in MODULES:
        assert not {command for command in commands for name in imports(file) if name.startswith(f"{command}.")}, file


def test_the_contract_costs_nothing_to_import():
    assert roots(ROOT / "trainable" / "contract.py") <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("name", ["runs.py", "grpo_settings.py", "seeds.py"])
def test_modules_that_only_describe_import_the_standard_library_and_the_contract(name):
    file = ROOT / "trainable" / name
    assert roots(file) <= set(sys.stdlib_module_names) | {"trainable"}
    assert {name for name in imports(file) if name.startswith("trainable")} <= {"trainable.contract.UserError"}


def test_search_spaces_know_optuna_and_the_contract_only():
    for file in of("search_spaces"):
        assert roots(file) <= set(sys.stdlib_module_names) | {"optuna", "trainable", "search_spaces"}, file
        of_training = {name for name in imports(file) if name.startswith("trainable")}
        assert all(name.startswith("trainable.contract") for name in of_training), file


def test_results_know_nothing_of_training_but_the_contract():
    for file in of("results"):
        assert not roots(file) & {"tune", "search_spaces", "ray"}, file
        of_training = {name for name in imports(file) if name.startswith("trainable")}
        assert all(name.startswith("trainable.contract") for name in of_training), (file, of_training)


def test_results_read_without_torch():
    assert names([file for file in of("results") if "torch" in roots(file)]) == []


RUN_PROTOCOL = tuple(f"trainable.{name}" for name in ("contract", "flags", "ray_trainable", "runs", "seeds"))


def test_the_sweep_knows_a_run_and_not_what_it_trains():
    for file in of("tune"):
        of_training = {name for name in imports(file) if name.startswith("trainable.")}
        assert all(name.startswith(RUN_PROTOCOL) for name in of_training), (file, of_training)


def test_no_module_hides_one_that_is_imported_elsewhere():
    """A command's own folder comes first on Python's path, so its neighbours' names must be nobody else's."""
    installed = set(importlib.metadata.packages_distributions())
    assert {"torch", "ray", "wandb", "optuna", "numpy", *PACKAGES} <= installed
    taken = installed | set(sys.stdlib_module_names)
    assert names([file for file in MODULES if file.stem in taken]) == []
