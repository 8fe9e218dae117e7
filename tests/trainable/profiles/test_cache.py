"""The cache of a profile's table: it answers with the same numbers, or stands aside."""

import json
import os
from pathlib import Path

import numpy as np
import pytest

from trainable.contract import UserError
from trainable.profiles.cache import cache_folder, load_cached_profile
from trainable.profiles.table import Profile, load_profile

IMAGES = 30


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def results_dir(tmp_path: Path) -> Path:
    for blocks in (8, 16):
        write_configuration(tmp_path / "profile", blocks, latency_ms=10.0 * blocks)
    return tmp_path / "profile"


def write_configuration(results_dir: Path, blocks: int, latency_ms: float) -> None:
    folder = results_dir / "text-vqa"
    folder.mkdir(parents=True, exist_ok=True)
    samples = [
        {
            "accuracy": 0.5,
            "T_total": latency_ms,
            "metadata": {"image_id": image, "question_id": image, "question": "é?"},
        }
        for image in range(IMAGES)
    ]
    file = folder / f"text-vqa_imgsizetier-high_crops4_topk8_blocks{blocks}.json"
    file.write_text(json.dumps({"per_sample_results": samples}), encoding="utf-8")


def load(results_dir: Path, said: list[str] | None = None) -> tuple[Profile, int]:
    """The profile, and how many JSON files were read for it."""
    read: list[int] = []
    said = [] if said is None else said
    profile = load_cached_profile(results_dir, (), lambda done, files: read.append(done), said.append)
    return profile, len(read)


def tables() -> list[Path]:
    return sorted(cache_folder().iterdir())


def test_the_second_load_reads_no_json_and_gives_the_same_profile(results_dir: Path) -> None:
    _, first_read = load(results_dir)
    cached, second_read = load(results_dir)
    plain = load_profile(results_dir)
    assert (first_read, second_read) == (2, 0)
    assert (cached.grid, cached.keys, cached.questions) == (plain.grid, plain.keys, plain.questions)
    np.testing.assert_array_equal(cached.split, plain.split)
    assert cached.fingerprint == plain.fingerprint


def test_a_changed_measurement_is_read_though_size_and_time_are_the_same(results_dir: Path) -> None:
    load(results_dir)
    file = next(results_dir.rglob("*blocks8.json"))
    before = file.stat()
    file.write_text(file.read_text(encoding="utf-8").replace("80.0", "90.0"), encoding="utf-8")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert file.stat().st_size == before.st_size
    profile, read = load(results_dir)
    assert read == 2
    assert (profile.latency_ms[:, 0] == 90.0).all()


@pytest.mark.parametrize("damage", ["torn", "flipped", "empty"])
def test_a_damaged_table_is_said_and_made_again(results_dir: Path, damage: str) -> None:
    expected, _ = load(results_dir)
    (table,) = tables()
    content = bytearray(table.read_bytes())
    content[-1] ^= 1
    table.write_bytes({"torn": content[:-9], "flipped": content, "empty": b""}[damage])
    said: list[str] = []
    profile, read = load(results_dir, said)
    assert read == 2
    assert profile.fingerprint == expected.fingerprint
    assert len(said) == 1
    assert "damaged" in said[0]
    assert load(results_dir)[1] == 0


def test_without_a_place_to_write_the_profile_is_read_and_one_line_says_so(
    results_dir: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    said: list[str] = []
    profile, read = load(results_dir, said)
    assert (read, len(said)) == (2, 1)
    assert profile.accuracy.shape == (IMAGES, 2)


def test_nothing_is_left_beside_the_profile_nor_half_written(results_dir: Path) -> None:
    load(results_dir)
    assert {file.suffix for file in results_dir.rglob("*") if file.is_file()} == {".json"}
    assert [table.suffix for table in tables()] == [".safetensors"]


def test_a_profile_that_cannot_be_used_is_not_cached(results_dir: Path) -> None:
    next(results_dir.rglob("*blocks8.json")).unlink()
    with pytest.raises(UserError, match="one configuration only"):
        load(results_dir)
    assert not cache_folder().exists()
