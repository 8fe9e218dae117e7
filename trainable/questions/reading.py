"""Reading a dataset of images, questions and answers: from a folder, a file of JSON lines, or by a hub's name."""

import hashlib
import json
import os
import re

from trainable.contract import UserError
from trainable.profiles.files import natural_order
from trainable.profiles.image_split import SPLIT_NAMES, TRAIN, VALIDATION, split_of_image
from trainable.questions.answer_metrics import ANSWER_METRICS
from trainable.questions.choosing import whole_images
from trainable.questions.fields import question_of
from trainable.questions.hub import SAVED_FILES, hub_source
from trainable.questions.picture import checked
from trainable.questions.rows import METADATA_FILE, Source, file_source, folder_source
from trainable.questions.sample import Question, QuestionSet
from trainable.user_paths import PathTo, usable_path

DEFAULT_METRIC = "exact_match"


def read_questions(
    dataset: str, metric: str | None = None, max_samples: int | None = None, split: str | None = None
) -> QuestionSet:
    """A dataset, each of whose images has been opened.

    Args:
        dataset: a folder with metadata.jsonl, a file of such lines, or a name for the library `datasets` (`name`,
            `name:split`, `name:configuration:split`, or a folder with a copy).
        metric: one of ANSWER_METRICS; what the dataset's own dataset.json says, or exact_match, when None.
        max_samples: at most so many, of whole images, each split with its share.
        split: only the samples of this one of SPLIT_NAMES.

    Raises:
        UserError: there is no such dataset; a line or an image of it cannot be read or lacks something; two questions
            have one id; or it has no image to train or to validate on, or of the split that is asked for.
    """
    source = _source(dataset)
    said_by = "--answer_metric" if metric else f"--dataset {dataset}: its metric"
    metric = metric or source.metric or DEFAULT_METRIC
    if metric not in ANSWER_METRICS:
        raise UserError(f"{said_by} {metric} is not known; it can be {', '.join(ANSWER_METRICS)}")
    name = re.sub(r"[^\w.]+", "_", source.name).strip("._") or "questions"
    questions = [question_of(row, index, name, metric) for index, row in enumerate(source.rows)]
    if not questions:
        raise UserError(f"--dataset {dataset}: it holds no question; give another")
    _require_one_of_each_id(source, questions)
    questions = _part(dataset, questions, max_samples, split)
    questions.sort(key=lambda question: natural_order(question.key))
    return QuestionSet(name, tuple(questions), metric, _identity(questions, metric))


def _source(dataset: str) -> Source:
    if not os.path.exists(os.path.expanduser(dataset)) and not _is_path(dataset):
        return hub_source(dataset)
    path = usable_path(dataset, PathTo.FILE_OR_FOLDER, "--dataset")
    if path.is_file():
        return file_source(path)
    if (path / METADATA_FILE).exists():
        return folder_source(path)
    if any((path / file).exists() for file in SAVED_FILES) or any(path.rglob("*.parquet")):
        return hub_source(str(path))
    raise UserError(
        f"--dataset {dataset}: there is no {METADATA_FILE} in it, nor a copy of a hub's dataset; see docs/live.md for "
        "the layout"
    )


def _is_path(dataset: str) -> bool:
    """Whether what is not there was meant for a path; a split may follow that of a copy of a hub's dataset."""
    if os.path.isdir(os.path.expanduser(dataset.rpartition(":")[0])):
        return False
    return dataset.startswith((".", "/", "~")) or dataset.count("/") > 1 or dataset.endswith(".jsonl")


def _require_one_of_each_id(source: Source, questions: list[Question]) -> None:
    """A profile's features tell questions apart by question_id alone."""
    places: dict[str, str] = {}
    for row, question in zip(source.rows, questions, strict=True):
        question_id = question.key.question_id
        if question_id in places:
            raise UserError(
                f"{row.place}: question_id {question_id} is {places[question_id]}'s too (blanks, leading zeros and a "
                ".0 make no other id); give each question its own, or none any"
            )
        places[question_id] = row.place


def _part(dataset: str, questions: list[Question], max_samples: int | None, split: str | None) -> list[Question]:
    """Of a split, where one is asked for, and of no more samples than are wanted."""
    wanted = (SPLIT_NAMES.index(split),) if split else (TRAIN, VALIDATION)
    if split:
        questions = [question for question in questions if split_of_image(question.key.image_id) in wanted]
    if max_samples is not None:
        kept = whole_images([question.key.image_id for question in questions], max_samples)
        questions = [question for question in questions if question.key.image_id in kept]
    images = {question.key.image_id for question in questions}
    found = {split_of_image(image_id) for image_id in images}
    for one in wanted:
        if one not in found:
            part = f" (with --max_samples {max_samples})" if max_samples is not None else ""
            raise UserError(
                f"--dataset {dataset}: none of its {len(images)} images{part} falls into the {SPLIT_NAMES[one]} split "
                "(by hash of image_id: 60 % train, 20 % validation, 20 % test); give more images"
            )
    return questions


def _identity(questions: list[Question], metric: str) -> str:
    digest = hashlib.sha256(metric.encode())
    for question, image in zip(questions, checked(question.picture for question in questions), strict=True):
        key = question.key
        told = (key.dataset, key.image_id, key.question_id, question.question, question.answers, image)
        digest.update(json.dumps(told).encode())
    return digest.hexdigest()[:16]
