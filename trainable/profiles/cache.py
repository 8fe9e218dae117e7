"""A profile's table, kept in the user's cache so that its JSON is read once.

One file of `$XDG_CACHE_HOME/grpo_sweep/profiles` (`~/.cache/...` by default) a profile: the two tables as safetensors,
the rest in its header. It is found by a hash of the profile's bytes, so a changed profile is another one's file; it
holds a hash of its own, so a damaged one is known. Two writers do not meet: each writes beside and renames.

A cache changes no result: what can't be read or written is done without, and said in a sentence.
"""

import contextlib
import hashlib
import json
import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from trainable.profiles.files import SampleKey, unreadable
from trainable.profiles.knobs import KnobGrid
from trainable.profiles.table import Profile, files_of_datasets, load_profile
from trainable.user_paths import home

FORMAT = 3
TABLES_KEPT = 16
"""The ones used last; some 8 bytes a (sample, configuration) each."""


def load_cached_profile(
    results_dir: Path,
    dataset_names: tuple[str, ...],
    on_file: Callable[[int, int], None],
    say: Callable[[str], None],
) -> Profile:
    """What `load_profile` gives, from the cache where it holds exactly these files.

    Args:
        on_file: as of `load_profile`; not called when the cache answers.
        say: called with a sentence when a cached table was damaged, or when none can be kept.

    Raises:
        UserError: as `load_profile`.
    """
    files = files_of_datasets(results_dir, dataset_names)
    content = content_key(files)
    table = cache_folder() / f"{content}.safetensors"
    try:
        return _read(table, results_dir)
    except FileNotFoundError:
        pass
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        say(f"{table}: the cached profile is damaged ({error}) and made again")
    profile = load_profile(results_dir, dataset_names, on_file)
    if content_key(files) == content:  # else it was written to while we read
        try:
            _write(table, profile)
        except OSError as error:
            say(
                f"{table.parent}: the profile can't be cached there ({error.strerror}); it will be read again next time"
            )
    return profile


def cache_folder() -> Path:
    """Where tables are kept; it need not exist. Raises a UserError where there is no home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or home() / ".cache") / "grpo_sweep" / "profiles"


def content_key(files: list[tuple[str, Path]]) -> str:
    """A name for the bytes of these files, the datasets they belong to, and our format.

    Raises:
        UserError: one of them can't be read.
    """
    digest = hashlib.sha256(f"{FORMAT}".encode())
    for dataset, file in files:
        try:
            with file.open("rb") as opened:
                of_file = hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as error:
            raise unreadable(file, error) from None
        digest.update(f"\n{dataset}/{file.name} {of_file}".encode())
    return digest.hexdigest()[:32]


def _read(table: Path, results_dir: Path) -> Profile:
    with safe_open(table, framework="numpy") as content:
        header = content.metadata()
        accuracy, latency_ms = content.get_tensor("accuracy"), content.get_tensor("latency_ms")
    if header["digest"] != _digest(header["samples"], accuracy, latency_ms):
        raise ValueError("its numbers are not those that were written")
    samples = json.loads(header["samples"])
    grid = KnobGrid(tuple(samples["knob_names"]), tuple(map(tuple, samples["knob_values"])))
    keys = tuple(SampleKey(*key) for key in samples["keys"])
    with contextlib.suppress(OSError):  # somebody else's cache, or removed meanwhile: it only says when it was used
        table.touch()
    return Profile(results_dir, grid, keys, tuple(samples["questions"]), accuracy, latency_ms)


def _write(table: Path, profile: Profile) -> None:
    samples = json.dumps(
        {
            "knob_names": profile.grid.names,
            "knob_values": profile.grid.values,
            "keys": [(key.dataset, key.image_id, key.question_id) for key in profile.keys],
            "questions": profile.questions,
        }
    )
    arrays = {"accuracy": profile.accuracy, "latency_ms": profile.latency_ms}
    table.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=table.parent, prefix=".") as folder:
        written = Path(folder) / table.name
        save_file(arrays, written, {"samples": samples, "digest": _digest(samples, *arrays.values())})
        written.replace(table)
    with contextlib.suppress(FileNotFoundError):  # another process removes the oldest, too
        used_last = sorted(table.parent.glob("*.safetensors"), key=lambda file: file.stat().st_mtime, reverse=True)
        for old in used_last[TABLES_KEPT:]:
            old.unlink()


def _digest(samples: str, *arrays: np.ndarray) -> str:
    digest = hashlib.sha256(samples.encode())
    for array in arrays:
        digest.update(repr((array.shape, array.dtype)).encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
