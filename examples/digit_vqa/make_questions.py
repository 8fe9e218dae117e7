"""Write an edition's questions: python examples/digit_vqa/make_questions.py FOLDER [--edition digit_sums]

FOLDER gets 8-bit PNG images, metadata.jsonl, which has a line for each question, and dataset.json, which names the set.
"""

import argparse
import json
from pathlib import Path

import numpy as np
from editions import DIGIT_VQA, EDITIONS, Edition
from judged import draw_judged
from PIL import Image
from torch import Tensor


def write_questions(edition: Edition, folder: Path) -> None:
    """Their lines come last: where they are, the folder is whole."""
    images, questions = draw_judged(edition)
    folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in enumerate(as_bytes(images)):
        Image.fromarray(pixels).save(folder / file_name(number), optimize=True)
    about = {"name": edition.name, "metric": "exact_match"}
    (folder / "dataset.json").write_text(json.dumps(about) + "\n", encoding="utf-8")
    with (folder / "metadata.jsonl").open("w", encoding="utf-8") as file:
        for number, question in enumerate(questions):
            row = {
                "file_name": file_name(question.image),
                "image_id": question.image,
                "question_id": number,
                "question": question.text,
                "question_type": question.kind,
                "answer": question.answer,
            }
            file.write(json.dumps(row) + "\n")


def as_bytes(images: Tensor) -> np.ndarray:
    """[B, 56, 56] of images [B, 1, 56, 56] in [0, 1], rounded as the first edition's were: to 16-bit floats before."""
    rounded: np.ndarray = (images[:, 0].half().float() * 255).round().byte().numpy()
    return rounded


def file_name(image: int) -> str:
    return f"{image:03d}.png"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--edition", choices=EDITIONS, default=DIGIT_VQA.name)
    args = parser.parse_args()
    write_questions(EDITIONS[args.edition], args.folder)


if __name__ == "__main__":
    main()
