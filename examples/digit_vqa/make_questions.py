"""Write an edition's questions: python examples/digit_vqa/make_questions.py FOLDER [--edition digit_sums]

FOLDER gets 8-bit PNG images and metadata.jsonl, which names the image, the question and the answer, a line each.
"""

import argparse
import json
from pathlib import Path

from editions import DIGIT_VQA, EDITIONS, Edition
from judged import draw_judged
from PIL import Image


def write_questions(edition: Edition, folder: Path) -> None:
    """Into a folder that does not exist."""
    images, questions = draw_judged(edition)
    folder.mkdir(parents=True)
    for number, pixels in enumerate((images[:, 0] * 255).round().byte().numpy()):
        Image.fromarray(pixels).save(folder / file_name(number))
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


def file_name(image: int) -> str:
    return f"{image:04d}.png"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="must not exist")
    parser.add_argument("--edition", choices=EDITIONS, default=DIGIT_VQA.name)
    args = parser.parse_args()
    write_questions(EDITIONS[args.edition], args.folder)


if __name__ == "__main__":
    main()
