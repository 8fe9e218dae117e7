"""Paths as users write them, on a real file system."""

import os
from pathlib import Path

import pytest

from trainable.contract import UserError
from trainable.user_paths import PathTo, read_path, require_usable

FLAG = "--output"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("/a/b", "/a/b"),
        ("b c", "{here}/b c"),
        ("~/b", "{home}/b"),
        ("~root/b", "/root/b"),
        ("file:///a/b%20c", "/a/b c"),
        ("file://localhost/a", "/a"),
        ("file:/a", "/a"),
        ("a:b", "{here}/a:b"),
    ],
)
def test_a_path_is_found_however_it_is_written(
    text: str, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/me")
    assert str(read_path(text, FLAG)) == path.format(here=tmp_path, home="/home/me")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is no path"),
        ("a\0b", "is no path"),
        ("file://", "file: addresses are not supported"),
        ("file://elsewhere/a", "file: addresses are not supported"),
        ("s3://bucket/x", "s3: addresses are not supported"),
        ("gs:/bucket/x", "gs: addresses are not supported"),
        ("~no-such-user/x", "there is no such user's home"),
    ],
)
def test_what_is_no_path_of_this_machine_is_refused(text: str, said: str) -> None:
    with pytest.raises(UserError, match=f"^{FLAG} .*{said}"):
        read_path(text, FLAG)


@pytest.mark.parametrize(
    ("name", "to", "said"),
    [
        ("nowhere", PathTo.FOLDER, "there is no such folder; say with --output where it lies"),
        ("nowhere", PathTo.FILE, "there is no such file; say with --output where it lies"),
        ("nowhere", PathTo.FILE_OR_FOLDER, "there is no such file or folder"),
        ("nowhere/x", PathTo.NEW_FILE, "there is no such folder; make it first"),
        ("file", PathTo.FOLDER, "it is a file; give a folder"),
        ("file", PathTo.NEW_FOLDER, "it is a file; give a folder"),
        ("folder", PathTo.FILE, "it is a folder; give a file"),
        ("folder", PathTo.NEW_FILE, "it is a folder; give a file"),
        ("pipe", PathTo.NEW_FILE, "it is a device, a pipe or what this command prints to; give another file"),
        ("device", PathTo.NEW_FILE, "it is a device, a pipe or what this command prints to; give another file"),
        ("/dev/stdout", PathTo.NEW_FILE, "it is a device, a pipe or what this command prints to; give another file"),
        *(("file/x", to, "Not a directory") for to in PathTo),
        *(("loop/x", to, "Too many levels of symbolic links") for to in PathTo),
        *(("n" * 256, to, "File name too long") for to in PathTo),
        ("new/" + "n" * 256, PathTo.NEW_FOLDER, "File name too long"),
    ],
)
def test_what_cannot_be_used_is_refused_in_a_sentence(name: str, to: PathTo, said: str, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "device").symlink_to("/dev/null")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(UserError, match=said):
        require_usable(tmp_path / name, to, FLAG)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may do everything")
@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("locked", PathTo.FOLDER),
        ("locked/x", PathTo.FILE),
        ("locked", PathTo.NEW_FOLDER),
        ("locked/a/b", PathTo.NEW_FOLDER),
        ("locked/x", PathTo.NEW_FILE),
    ],
)
def test_a_folder_without_permission_is_refused_in_a_sentence(name: str, to: PathTo, tmp_path: Path) -> None:
    (tmp_path / "locked").mkdir(mode=0)
    with pytest.raises(UserError, match="Permission denied"):
        require_usable(tmp_path / name, to, FLAG)


@pytest.mark.parametrize(
    ("name", "to"),
    [
        ("folder", PathTo.FOLDER), ("folder", PathTo.NEW_FOLDER), ("new/deep", PathTo.NEW_FOLDER),
        ("file", PathTo.FILE), ("file", PathTo.NEW_FILE), ("new", PathTo.NEW_FILE), ("link/new", PathTo.NEW_FOLDER),
    ],
)  # fmt: skip
def test_what_can_be_used_is_taken_and_left_as_it_is(name: str, to: PathTo, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("folder")
    require_usable(tmp_path / name, to, FLAG)
    assert sorted(entry.name for entry in tmp_path.rglob("*")) == ["file", "folder", "link"]
