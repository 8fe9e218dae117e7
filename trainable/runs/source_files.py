"""A user's Python file with the modules beside it that it imports: read once, and the same in every process.

What was read is what runs, in the driver and on the workers of any machine, whatever becomes of the files meanwhile.
Import statements are followed, wherever they stand; a module whose name is only known as the code runs is found in the
folder as long as the process's machine has it.
"""

import ast
import hashlib
import importlib
import importlib.abc
import importlib.util
import itertools
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from trainable.contract import PROJECT, SettingError
from trainable.system_errors import reading


@dataclass(frozen=True)
class SourceFiles:
    """A file, and what beside it belongs to it."""

    file: Path
    """Absolute; its module has the same `__file__` on every machine."""
    texts: Mapping[str, bytes]
    """By path below the file's folder, with slashes; the file's own first."""

    @property
    def hashes(self) -> dict[str, str]:
        """What tells one text from another, by path below the folder."""
        return {path: text_hash(text) for path, text in self.texts.items()}

    @property
    def module_name(self) -> str:
        """Of the file as a module: its own, so that it hides no other and none hides it, the same in every process."""
        which = hashlib.sha256(f"{self.file} {self.hashes}".encode()).hexdigest()[:12]
        return re.sub(r"\W", "_", f"{self.file.stem}_{which}")

    @property
    def neighbours(self) -> set[str]:
        """First names of the modules beside the file that belong to it."""
        return {path.partition("/")[0].removesuffix(".py") for path in self.texts if path != self.file.name}


def text_hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()[:16]


def read_source_files(file: Path, flag: str) -> SourceFiles:
    """Read a file and, following import statements, what lies beside it; nothing is run.

    Args:
        flag: what named it, for the error.

    Raises:
        DiskError: it cannot be read, or a file beside it cannot.
        SettingError: one of them is not Python, or bears the name of an installed module.
    """
    texts: dict[str, bytes] = {}
    waiting = [file.name]
    while waiting:
        path = waiting.pop()
        if path in texts:
            continue
        with reading(file.parent / path):
            texts[path] = (file.parent / path).read_bytes()
        package = path.split("/")[:-1]
        for name in _imported(_parsed(texts[path], file.parent / path, flag), package):
            waiting += _files_of(name, file.parent)
    sources = SourceFiles(file, texts)
    _refuse_ambiguous(sources, flag)
    return sources


def imported_names(file: Path, flag: str) -> set[str]:
    """First names of all that a file's import statements may mean, but for what lies in its own package.

    Raises:
        DiskError: it cannot be read.
        SettingError: it is not Python.
    """
    with reading(file):
        tree = _parsed(file.read_bytes(), file, flag)
    return {name.partition(".")[0] for name in _imported(tree, ())}


def _parsed(text: bytes, file: Path, flag: str) -> ast.Module:
    try:
        return ast.parse(text, str(file))
    except (SyntaxError, ValueError) as error:  # ValueError: it holds a NUL
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        why = error.msg if isinstance(error, SyntaxError) else error
        raise SettingError(flag, f" {file}{line}: it is not Python ({why}); mend the file") from None


def _imported(tree: ast.Module, package: Sequence[str]) -> Iterator[str]:
    """Full names of all that may be modules in import statements.

    Args:
        package: that the module lies in, or is, name by name.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level <= len(package):
            above = package[: len(package) - node.level + 1] if node.level else ()
            origin = [*above, *([node.module] if node.module else [])]
            yield from (".".join([*origin, alias.name]) for alias in node.names)


def _files_of(name: str, folder: Path) -> Iterator[str]:
    """What is run when a module is imported that lies in the folder: the packages that it lies in, and itself."""
    parts = name.split(".")
    if folder == PROJECT and (folder / parts[0]).is_dir():
        return  # our own packages, which are everywhere
    for stem in itertools.accumulate(parts, "{}/{}".format):
        yield from (path for path in (f"{stem}/__init__.py", f"{stem}.py") if (folder / path).is_file())


def import_source_files(sources: SourceFiles) -> ModuleType:
    """The file's module, run once in a process. Its neighbours are modules by their own names from here on.

    Those of another file that bear the same names make way, until that file is imported again.

    Raises:
        Exception: whatever its code raises.
    """
    importer = _importers.get(sources.module_name)
    if not importer:
        importer = _importers[sources.module_name] = _Importer(sources)
    if importer not in sys.meta_path:
        for other in _importers.values():
            if other in sys.meta_path and other.sources.neighbours & sources.neighbours:
                other.leave()
        importer.enter()
    try:
        return importlib.import_module(sources.module_name)
    except BaseException:
        importer.leave()
        raise


class _Importer(importlib.abc.SourceLoader):
    """Finds and loads the modules of a file from what was read of them."""

    def __init__(self, sources: SourceFiles) -> None:
        self.sources = sources
        self._set_aside: dict[str, ModuleType] = {}

    def enter(self) -> None:
        sys.meta_path.insert(0, self)
        sys.path.append(str(self.sources.file.parent))  # for names that only running code knows; it hides nothing there
        sys.modules.update(self._set_aside)

    def leave(self) -> None:
        sys.meta_path.remove(self)
        sys.path.remove(str(self.sources.file.parent))
        self._set_aside = {
            name: module
            for name, module in list(sys.modules.items())  # where anything may lie, not only modules
            if getattr(getattr(module, "__spec__", None), "loader", None) is self and name != self.sources.module_name
        }
        for name in self._set_aside:
            del sys.modules[name]

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        file = self._file_of(fullname)
        if file:
            return importlib.util.spec_from_file_location(fullname, self.sources.file.parent / file, loader=self)
        inside = fullname.replace(".", "/") + "/"
        if not any(name.startswith(inside) for name in self.sources.texts):
            return None
        namespace = ModuleSpec(fullname, None, is_package=True)
        namespace.submodule_search_locations = [str(self.sources.file.parent / inside)]
        return namespace

    def _file_of(self, fullname: str) -> str | None:
        if fullname == self.sources.module_name:
            return self.sources.file.name
        stem = fullname.replace(".", "/")
        found = (path for path in (f"{stem}/__init__.py", f"{stem}.py") if path in self.sources.texts)
        return next((path for path in found if path != self.sources.file.name), None)

    def get_filename(self, fullname: str) -> str:
        return str(self.sources.file.parent / (self._file_of(fullname) or ""))

    def get_data(self, path: Any) -> bytes:
        return self.sources.texts[Path(path).relative_to(self.sources.file.parent).as_posix()]


_importers: dict[str, _Importer] = {}
"""Of the files that this process has imported, by the names of their modules."""


def _refuse_ambiguous(sources: SourceFiles, flag: str) -> None:
    """Raises SettingError where a neighbour would hide an installed module from everybody else, or be hidden by it."""
    folders = [sources.file.parent, *(importer.sources.file.parent for importer in _importers.values())]
    for name in sorted(sources.neighbours):
        spec = importlib.util.find_spec(name)
        beside = [folder / path for folder in folders for path in (f"{name}.py", f"{name}/__init__.py")]
        if spec and spec.origin and Path(spec.origin) not in beside:
            raise SettingError(
                flag,
                f" {sources.file}: it imports {name}, which lies beside it and is another module's name too "
                f"({spec.origin}); rename the one beside it",
            )
