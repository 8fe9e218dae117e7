"""Which room may import what, and that no module's name hides one that somebody else imports.

A package's folder is a room, and so is each folder in it. The files directly in a package are no room: each stands for
itself, a command at the top of the graph, the contract at its bottom.
"""

import ast
import graphlib
import importlib.metadata
import re
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("tune", "trainable", "search_spaces", "results")
STANDARD_LIBRARY = set(sys.stdlib_module_names)
MOST_FILES = 14
"""Of one room, or of a package beside its commands."""

MAY_IMPORT = {
    "tune": {"tune", "trainable", "search_spaces", "results", "ray", "psutil", "optuna", "numpy", "rich", "yaml"},
    "trainable": {
        "trainable", "torch", "numpy", "safetensors", "transformers", "trl", "datasets", "huggingface_hub",
        "peft", "yaml", "jinja2", "rich",
        "matplotlib", "ray", "wandb", "results", "pydantic", "PIL",
    },
    "search_spaces": {"search_spaces", "trainable", "optuna", "yaml"},
    "results": {
        "results", "trainable", "numpy", "scipy", "optuna", "rich", "yaml", "jinja2", "tensorboard", "wandb",
        "wandb_workspaces", "pydantic", "pyarrow", "fsspec",
    },
}  # fmt: skip
"""First names that a package's modules may import beside the standard library; the tests below narrow some of them."""

ROOMS_IN_ORDER = {
    "tune": ("sampling", "searching", "request", "planning", "cluster", "engine", "screen", "callbacks"),
    "trainable": (
        "settings",
        "terminal",
        "runs",
        "language_model",
        "conformance",
        "profiles",
        "vision_language_model/families",
        "vision_language_model",
        "questions",
        "block_importance",
        "measuring",
        "grpo",
        "judging",
        "serving",
        "single_run",
    ),
    "search_spaces": ("reading",),
    "results": (
        "files",
        "storage",
        "record/trial",
        "record",
        "mirror",
        "analysis",
        "listing",
        "trackers",
        "page/charts",
        "page",
    ),
}
"""A room imports from those before it in its package, never from those behind it."""

FOR_EVERYBODY = (
    "trainable.contract", "trainable.flags", "trainable.on_disk", "trainable.pareto", "trainable.ranking",
    "trainable.score_parts", "trainable.settings", "trainable.settings_fields", "trainable.system_errors",
    "trainable.terminal", "trainable.user_paths",
)  # fmt: skip
"""What other packages may import of `trainable`, which knows nothing of any run."""
RUN_PROTOCOL = (
    *FOR_EVERYBODY, "trainable.conformance", "trainable.on_test_data", "trainable.ray_trainable", "trainable.runs",
    "trainable.seeds",
)  # fmt: skip
"""What the sweep may import of it besides."""


class House:
    """The modules below a folder, their rooms and their imports."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = {self._name(file): file for package in PACKAGES for file in sorted((root / package).rglob("*.py"))}
        self.imports = {name: _imports(file) for name, file in self.files.items()}

    def _name(self, file: Path) -> str:
        parts = file.relative_to(self.root).with_suffix("").parts
        return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def of(self, *places: str) -> list[str]:
        """Modules in packages or rooms and everything below them."""
        return [
            name for name in self.files if name.startswith(tuple(f"{place}." for place in places)) or name in places
        ]

    def room(self, name: str) -> str:
        """The folder of a module below its package, with slashes; empty for what stands directly in the package."""
        file = self.files[name]
        return "/".join(file.relative_to(self.root).parent.parts[1:])

    def modules_imported(self, name: str) -> set[str]:
        """Our own modules that a module imports: `from a.b import c` means a.b.c where that is one, else a.b."""
        found = set()
        for imported in self.imports[name]:
            while imported and imported not in self.files:
                imported = imported.rpartition(".")[0]
            if imported and imported not in PACKAGES:
                found.add(imported)
        return found - {name}

    def first_names(self, name: str) -> set[str]:
        return {imported.partition(".")[0] for imported in self.imports[name]}

    def is_command(self, name: str) -> bool:
        return '__name__ == "__main__"' in self.files[name].read_text(encoding="utf-8")

    @property
    def commands(self) -> list[str]:
        return [name for name in self.files if self.is_command(name)]


def _imports(file: Path) -> set[str]:
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


def foreign_imports(house: House) -> list[str]:
    """Modules that import what their package may not."""
    return [
        f"{name} imports {first}"
        for package, allowed in MAY_IMPORT.items()
        for name in house.of(package)
        for first in sorted(house.first_names(name) - allowed - STANDARD_LIBRARY)
    ]


def training_in_other_packages(house: House) -> list[str]:
    """Modules outside of `trainable` that know more of it than its contract and, in the sweep, the run protocol."""
    faults = "trainable.runs.code_faults"  # of any code of a user's
    whole_checkpoints = "trainable.runs.seal", "trainable.runs.protocol"  # and how one is called that is not
    known = {
        "tune": RUN_PROTOCOL,
        "search_spaces": (*FOR_EVERYBODY, faults),
        "results": (*FOR_EVERYBODY, *whole_checkpoints),
    }
    return [
        f"{name} imports {imported}"
        for package, allowed in known.items()
        for name in house.of(package)
        for imported in sorted(house.imports[name])
        if imported.startswith("trainable.") and not _within(imported, allowed)
    ]


def ray_in_training(house: House) -> list[str]:
    return [name for name in house.of("trainable") if "ray" in house.first_names(name)]


def results_in_training(house: House) -> list[str]:
    """What of `trainable` writes with `results`, and with what of it that its room may not."""
    of_rooms = {
        "": ("results.mirror.elsewhere", "results.mirror.checkpoints", "results.storage"),  # a checkpoint in a store
        "judging": ("results.mirror.checkpoints", "results.storage"),
        "single_run": ("results.files", "results.record", "results.trackers"),
        "measuring": ("results.files.atomic_write",),
        "block_importance": ("results.files.atomic_write",),
    }
    return [
        f"{name} imports {imported}"
        for name in house.of("trainable")
        for imported in sorted(house.imports[name])
        if imported.startswith("results.") and not _within(imported, of_rooms.get(house.room(name), ()))
    ]


def wrong_arrows(house: House) -> list[str]:
    """Imports against the order of the rooms, and rooms that are in no order."""
    found = []
    for name in house.files:
        package, room = name.partition(".")[0], house.room(name)
        order = ROOMS_IN_ORDER[package]
        if room and room not in order:
            found.append(f"{package}/{room} is a room without a place in the order")
            continue
        for imported in house.modules_imported(name):
            other = house.room(imported)
            if imported.partition(".")[0] != package or not room or not other or room == other:
                continue
            if order.index(other) > order.index(room):
                found.append(f"{name} imports {imported}")
    return found


def circles(house: House) -> list[str]:
    """The first circle of modules that import each other by any way, and the first of rooms."""
    of_modules = {name: house.modules_imported(name) for name in house.files if name not in PACKAGES}
    of_rooms: dict[str, set[str]] = {}
    for name, imported in of_modules.items():
        node = _room_or_module(house, name)
        of_rooms.setdefault(node, set()).update(_room_or_module(house, other) for other in imported)
        of_rooms[node].discard(node)
    return [*_circle(of_modules), *_circle(of_rooms)]


def _room_or_module(house: House, name: str) -> str:
    room = house.room(name)
    return f"{name.partition('.')[0]}/{room}" if room else name


def _circle(arrows: dict[str, set[str]]) -> list[str]:
    try:
        graphlib.TopologicalSorter(arrows).prepare()
    except graphlib.CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def imported_commands(house: House) -> list[str]:
    return [
        f"{name} imports {command}"
        for name in house.files
        for command in house.commands
        if command in house.modules_imported(name)
    ]


def buried_commands(house: House) -> list[str]:
    """Commands that do not lie at the top of their package."""
    return [name for name in house.commands if house.room(name)]


def hiding_names(house: House, installed: Iterable[str]) -> list[str]:
    """What lies directly beside a command and is called like something that is imported anywhere.

    A command's own folder comes first on Python's path.
    """
    taken = (set(installed) | STANDARD_LIBRARY) - {"__pycache__"}  # which Python 3.13 takes for a package's name
    folders = {house.files[command].parent for command in house.commands}
    return [
        f"{folder.name}/{entry.name}"
        for folder in sorted(folders)
        for entry in sorted(folder.iterdir())
        if entry.name.partition(".")[0] in taken and (entry.is_dir() or entry.suffix == ".py")
    ]


def crowded_rooms(house: House) -> list[str]:
    rooms: dict[str, int] = {}
    for name, file in house.files.items():
        if file.name != "__init__.py" and not house.is_command(name):
            room = f"{name.partition('.')[0]}/{house.room(name)}"
            rooms[room] = rooms.get(room, 0) + 1
    return [f"{room} has {files} files" for room, files in rooms.items() if files > MOST_FILES]


def _within(name: str, allowed: Iterable[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


@pytest.fixture(scope="module")
def house() -> House:
    return House(ROOT)


@pytest.fixture(scope="module")
def installed() -> set[str]:
    names = set(importlib.metadata.packages_distributions())
    assert {"torch", "ray", "wandb", "optuna", "numpy", *PACKAGES} <= names
    return names


def test_there_are_modules_to_look_at(house: House) -> None:
    assert all(len(house.of(package)) >= 3 for package in PACKAGES)
    assert all(
        house.of(f"{package}.{room.replace('/', '.')}") for package, rooms in ROOMS_IN_ORDER.items() for room in rooms
    )
    assert "torch" in house.first_names("trainable.grpo.loss")
    assert "trainable.contract" in house.modules_imported("search_spaces.choose")
    assert len(house.commands) >= 5


def test_a_package_imports_what_it_may(house: House) -> None:
    assert foreign_imports(house) == []


def test_training_knows_ray_in_one_file_only(house: House) -> None:
    assert ray_in_training(house) == ["trainable.ray_trainable"]


def test_training_writes_with_results_in_the_single_run_and_the_measured_store_alone(house: House) -> None:
    assert results_in_training(house) == []


def test_nobody_but_training_knows_what_is_trained(house: House) -> None:
    assert training_in_other_packages(house) == []


def test_rooms_import_one_way(house: House) -> None:
    assert wrong_arrows(house) == []


def test_nothing_imports_itself_by_any_way(house: House) -> None:
    assert circles(house) == []


def test_nothing_imports_a_command_and_all_lie_at_the_top(house: House) -> None:
    assert imported_commands(house) == []
    assert buried_commands(house) == []


def test_no_room_is_crowded(house: House) -> None:
    assert crowded_rooms(house) == []


def test_no_name_beside_a_command_hides_one_that_is_imported_elsewhere(house: House, installed: set[str]) -> None:
    assert hiding_names(house, installed - set(PACKAGES)) == []


def test_results_read_without_torch(house: House) -> None:
    assert [name for name in house.of("results") if "torch" in house.first_names(name)] == []


def test_questions_are_read_without_torch(house: House) -> None:
    heavy = {"torch", "transformers"}
    assert [name for name in house.of("trainable.questions") if heavy & house.first_names(name)] == []


@pytest.mark.parametrize(
    "name",
    [
        "contract",
        "flags",
        "grpo.settings",
        "language_model.settings",
        "pareto",
        "ranking",
        "runs",
        "seeds",
        "settings",
        "settings_fields",
        "user_paths",
    ],
)
def test_modules_that_only_describe_import_the_standard_library_and_each_other(house: House, name: str) -> None:
    for module in house.of(f"trainable.{name}"):
        assert house.first_names(module) <= STANDARD_LIBRARY | {"trainable"}
        known = (*FOR_EVERYBODY, f"trainable.{name}")
        assert all(_within(imported, known) for imported in house.modules_imported(module))


def test_the_contract_imports_nothing_of_ours(house: House) -> None:
    assert house.first_names("trainable.contract") <= STANDARD_LIBRARY


def rooms_on_the_map(text: str) -> set[str]:
    """Every folder in the indented block that opens the page, with the folders that it lies in."""
    found, above = set(), {}
    for line in text.splitlines():
        entry = re.match(r"    ( *)(\w+)/ ", line)
        if entry:
            depth = len(entry[1]) // 2
            above[depth] = entry[2]
            found.add("/".join(above[level] for level in range(depth + 1)))
        elif line.startswith("#") and found:
            break
    return found


def test_the_map_names_every_room_and_no_other() -> None:
    rooms = {f"{package}/{room}".rstrip("/") for package, rooms in ROOMS_IN_ORDER.items() for room in ("", *rooms)}
    assert rooms_on_the_map((ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")) == rooms


@pytest.fixture
def planted(tmp_path: Path, installed: set[str]) -> House:
    """A house with every fault that the checks look for, each in a room below a package."""
    for file, text in {
        "tune/engine/tuner.py": "import torch\nfrom trainable.grpo.loss import x\nfrom tune.screen.panel import y\n",
        "tune/screen/panel.py": "",
        "tune/screen/torch.py": "",
        "trainable/grpo/loss.py": "from results.record import sweeps\nimport ray\n",
        "trainable/grpo/evaluate.py": 'if __name__ == "__main__":\n    pass\n',
        "trainable/grpo/numpy.py": "",
        "trainable/attic/old.py": "import trainable.grpo.evaluate\n",
        "trainable/wandb/runs.py": "",
        "trainable/train.py": 'if __name__ == "__main__":\n    pass\n',
        "results/record/sweeps.py": "from results.page.words import title\n",
        "results/page/words.py": "from results.record.sweeps import read\n",
        **{f"results/listing/part_{number}.py": "" for number in range(MOST_FILES + 1)},
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    return House(tmp_path)


def test_a_planted_fault_is_seen_in_a_room(planted: House, installed: set[str]) -> None:
    assert foreign_imports(planted) == ["tune.engine.tuner imports torch"]
    assert ray_in_training(planted) == ["trainable.grpo.loss"]
    assert results_in_training(planted) == ["trainable.grpo.loss imports results.record.sweeps"]
    assert training_in_other_packages(planted) == ["tune.engine.tuner imports trainable.grpo.loss.x"]
    assert set(wrong_arrows(planted)) == {
        "tune.engine.tuner imports tune.screen.panel",
        "results.record.sweeps imports results.page.words",
        "trainable/attic is a room without a place in the order",
        "trainable/wandb is a room without a place in the order",
    }
    assert set(circles(planted)) == {
        "results.page.words", "results.record.sweeps", "results/page", "results/record",
    }  # fmt: skip
    assert imported_commands(planted) == ["trainable.attic.old imports trainable.grpo.evaluate"]
    assert buried_commands(planted) == ["trainable.grpo.evaluate"]
    assert hiding_names(planted, installed - set(PACKAGES)) == ["trainable/wandb", "grpo/numpy.py"]
    assert crowded_rooms(planted) == [f"results/listing has {MOST_FILES + 1} files"]
