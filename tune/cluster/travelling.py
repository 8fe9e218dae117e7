"""What travels to the nodes of a cluster, which need only have Python, Ray and the packages: our code and the user's.

A run of `--run FILE.py:KIND` travels as text that is told with each trial; one of `--run module:KIND` here, with the
modules beside it that import statements name. Packages that are installed stay where they are.
"""

import importlib.util
import shutil
import sysconfig
from collections.abc import Iterator
from importlib.machinery import ModuleSpec
from pathlib import Path

from trainable.contract import PROJECT
from trainable.runs.choosing import KINDS, is_in_file
from trainable.runs.source_files import imported_names

OURS = ("trainable", "results", "search_spaces")
"""What a trial may import of the project; sweeps and profiles lie beside the second one's modules and stay here."""


def modules_for_workers(run: str, folder: Path) -> list[Path]:
    """Copy them into an empty folder: a path for each module or package.

    Args:
        run: the name of a kind of run.
    """
    copied = []
    for name in OURS:
        _copy_package(PROJECT / name, folder / name, only="*.py")
        copied.append(folder / name)
    for place in _of_user(run):
        if place.is_file():
            shutil.copy(place, folder)
        else:
            _copy_package(place, folder / place.name, only="*")
        copied.append(folder / place.name)
    return copied


def _of_user(run: str) -> list[Path]:
    """The modules and packages of a kind that is named by a module, wherever they are not installed."""
    if is_in_file(run) or run in KINDS:
        return []
    first = run.partition(":")[0].partition(".")[0]
    spec = importlib.util.find_spec(first)
    folder = _folder_of(spec) if spec else None
    if folder is None:
        return []
    found: dict[str, Path] = {}
    waiting = [first]
    while waiting:
        name = waiting.pop()
        place = folder / name if (folder / name).is_dir() else folder / f"{name}.py"
        is_module = place.is_file() or name == first or (place / "__init__.py").is_file()
        if name in found or not is_module or _is_ours(place):
            continue
        found[name] = place
        files = (
            [place] if place.is_file() else [file for inside in _package_folders(place) for file in inside.glob("*.py")]
        )
        waiting += {imported for file in files for imported in imported_names(file, "run")}
    return list(found.values())


def _is_ours(place: Path) -> bool:
    return place.parent == PROJECT and place.name in (*OURS, "tune")


def _folder_of(spec: ModuleSpec) -> Path | None:
    """That on Python's path in which a module lies; None where it is installed, or built in."""
    places = [spec.origin] if spec.has_location and spec.origin else []
    places = [*(spec.submodule_search_locations or []), *places]
    if not places:
        return None
    place = Path(places[0]).resolve()
    installed = {Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    is_installed = installed.intersection(place.parents) or {"site-packages", "dist-packages"}.intersection(place.parts)
    return None if is_installed else place.parent


def _copy_package(source: Path, target: Path, only: str) -> None:
    """Files of the folders that hold Python files, and not what lies below others: data, or what was trained."""
    for folder in _package_folders(source):
        into = target / folder.relative_to(source)
        into.mkdir(parents=True)
        for file in folder.glob(only):
            if file.is_file():
                shutil.copy(file, into)


def _package_folders(folder: Path) -> Iterator[Path]:
    if any(folder.glob("*.py")):
        yield folder
        for below in sorted(folder.iterdir()):
            if below.is_dir() and not below.name.startswith("."):
                yield from _package_folders(below)
