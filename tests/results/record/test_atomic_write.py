"""Files that several may write."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from results.files.atomic_write import write_atomically


def test_of_two_that_write_a_file_at_once_one_is_there_whole_and_neither_fails(tmp_path: Path) -> None:
    def write(text: str) -> None:
        for _ in range(50):
            write_atomically(tmp_path / "report.html", text)

    texts = [letter * 5000 for letter in "ab"]
    with ThreadPoolExecutor() as pool:
        list(pool.map(write, texts))
    assert (tmp_path / "report.html").read_text(encoding="utf-8") in texts
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_link_stays_and_the_file_that_it_leads_to_is_written(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    file, link = tmp_path / "published" / "report.html", tmp_path / "report.html"
    link.symlink_to(file)
    write_atomically(link, "first")
    write_atomically(link, "second")
    assert link.is_symlink()
    assert file.read_text(encoding="utf-8") == "second"
