"""What of our code and of the user's is packed for the nodes of a cluster."""

import subprocess
import sys
from pathlib import Path

import pytest

from tune.cluster.travelling import OURS, modules_for_workers


@pytest.fixture
def beside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on Python's path."""
    folder = tmp_path / "mine"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


def packed(run: str, tmp_path: Path) -> list[str]:
    """Names of what travels besides our own packages."""
    into = tmp_path / "packed"
    into.mkdir()
    modules = modules_for_workers(run, into)
    assert [module.name for module in modules[: len(OURS)]] == list(OURS)
    assert {*into.iterdir()} == {*modules}
    return sorted(module.name for module in modules[len(OURS) :])


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_our_packages_travel_without_sweeps_and_profiles_and_train_without_the_project(tmp_path: Path) -> None:
    assert packed("joint_controller", tmp_path) == []
    into = tmp_path / "packed"
    assert {file.suffix for file in into.rglob("*") if file.is_file()} == {".py"}
    assert not (into / "results" / "profiles").exists()
    assert not (into / "results" / "sweeps").exists()
    code = "import trainable.ray_trainable as t, trainable.grpo.joint_controller; print(t.__file__)"
    program = f"import sys; sys.path.insert(0, {str(into)!r}); {code}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, encoding="utf-8", cwd=tmp_path)
    assert done.stdout.strip() == str(into / "trainable" / "ray_trainable.py"), done.stderr


def test_a_module_travels_with_those_beside_it_that_it_imports_and_no_others(beside: Path, tmp_path: Path) -> None:
    write(beside / "walk.py", "import json\nimport numpy\nfrom steps import far\nimport trainable.runs\n")
    write(beside / "steps" / "__init__.py", "import shoes\n")
    write(beside / "steps" / "far.py", "")
    write(beside / "shoes.py", "")
    write(beside / "unworn.py", "")
    assert packed("walk:KIND", tmp_path) == ["shoes.py", "steps", "walk.py"]


def test_a_package_travels_whole_but_for_folders_without_code(beside: Path, tmp_path: Path) -> None:
    write(beside / "garden" / "__init__.py", "")
    write(beside / "garden" / "beds" / "rose.py", "")
    write(beside / "garden" / "beds" / "rose.yaml", "thorns: yes")
    write(beside / "garden" / "outputs" / "model.safetensors", "large")
    write(beside / "garden" / ".git" / "hook.py", "")
    assert packed("garden.beds.rose:KIND", tmp_path) == ["garden"]
    there = (tmp_path / "packed" / "garden").rglob("*")
    assert {file.name for file in there if file.is_file()} == {"__init__.py", "rose.py", "rose.yaml"}


@pytest.mark.parametrize("run", ["json:KIND", "numpy.linalg:KIND", "nowhere_to_be_found:KIND", "mine/walk.py:KIND"])
def test_what_is_installed_or_travels_otherwise_is_not_packed(run: str, tmp_path: Path) -> None:
    assert packed(run, tmp_path) == []
