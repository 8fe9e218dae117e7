"""Small datasets of images and questions."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from PIL import Image


def picture(grey: int) -> Image.Image:
    return Image.new("L", (6, 4), grey)


def a_row(image: int, question: str = "what is it?", answer: str = "a cat", **others: Any) -> dict[str, Any]:
    return {"file_name": f"{image}.png", "question": question, "answer": answer, **others}


def write_folder(folder: Path, rows: Iterable[Mapping[str, Any]], images: Iterable[int] = range(12)) -> Path:
    """A dataset's folder: images <n>.png, each of one grey, and the rows as they are.

    By their names, 3.png and 4.png are for validation, 5.png and 9.png for the test.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for image in images:
        picture(image * 20).save(folder / f"{image}.png")
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "metadata.jsonl").write_text(lines, encoding="utf-8")
    return folder
