"""What a row's fields say: one question, its options, its right answers and its ids."""

import math
import string
from collections.abc import Mapping, Sequence
from typing import Any

from trainable.contract import UserError
from trainable.profiles.files import SampleKey
from trainable.profiles.identities import identity, whole_characters
from trainable.questions.answer_metrics import ANSWER_METRICS
from trainable.questions.rows import Row
from trainable.questions.sample import Metadata, Question

OPTION_FIELDS = ("options", "choices")
LETTERS = string.ascii_uppercase
ASKING_FOR_A_LETTER = "Answer with the option's letter."


def question_of(row: Row, index: int, dataset: str, metric: str) -> Question:
    """The question that a row is.

    Options are shown below the question, each with its letter. An answer may be an option's text, its letter, or its
    place from 0.

    Args:
        index: the row's place in its dataset, which is the id of a question that has none.
        dataset: its name.
        metric: one of ANSWER_METRICS.

    Raises:
        UserError: it has no question, no answers or not enough of them, or an id that is none.
    """
    try:
        ids = {"image_id": _given_id(row.fields, "image_id", row.image_id)}
        ids["question_id"] = _given_id(row.fields, "question_id", index)
        key = SampleKey(dataset, *(identity(name, value) for name, value in ids.items()))
        options = _options(row.fields)
        asked = _asked(row.fields, options, metric)
        answers = _answers(row.fields, options, metric)
    except ValueError as error:
        raise UserError(f"{row.place}: {error}; mend or remove it") from None
    return Question(key, asked, answers, _metadata(row.fields, ids, asked, answers), row.picture)


def _given_id(fields: Mapping[str, Any], name: str, otherwise: str | int) -> Any:
    return otherwise if identity(name, fields.get(name)) == "" else fields[name]


def _asked(fields: Mapping[str, Any], options: Sequence[str], metric: str) -> str:
    question = fields.get("question")
    if not isinstance(question, str) or not question.strip():
        raise ValueError(f"it has no question; its fields are {', '.join(fields) or 'none'}")
    lines = [question.strip(), *(f"{letter}. {option}" for letter, option in zip(LETTERS, options, strict=False))]
    if options and metric == "multiple_choice":
        lines.append(ASKING_FOR_A_LETTER)
    return whole_characters("\n".join(lines))


def _options(fields: Mapping[str, Any]) -> list[str]:
    options: Any = next((fields[name] for name in OPTION_FIELDS if fields.get(name)), [])
    if not isinstance(options, list) or len(options) > len(LETTERS):
        raise ValueError(f"its options are {options!r:.40}, not a list of at most {len(LETTERS)} texts")
    return [_text("an option", option) for option in options]


def _answers(fields: Mapping[str, Any], options: Sequence[str], metric: str) -> tuple[str, ...]:
    given = fields.get("answers")
    given = fields.get("answer") if given is None else given
    listed = given if isinstance(given, list) else [] if given is None else [given]
    # VQA's own files have an object for each person.
    said = [one.get("answer") if isinstance(one, dict) else one for one in listed]
    answers = tuple(_right(one, options, metric) for one in said)
    fewest = ANSWER_METRICS[metric].fewest_answers
    if not any(answers):
        raise ValueError(f"it has no answers; its fields are {', '.join(fields)}")
    if len(answers) < fewest:
        raise ValueError(f"it has {len(answers)} of the {fewest} answers that --answer_metric {metric} needs")
    return answers


def _right(said: object, options: Sequence[str], metric: str) -> str:
    """An answer as the metric compares it: the letter of an option, or a text."""
    if options and type(said) is int:
        if not 0 <= said < len(options):
            raise ValueError(f"its answer is option {said} of {len(options)}, counted from 0")
        return LETTERS[said] if metric == "multiple_choice" else options[said]
    text = _text("its answer", said)
    if metric != "multiple_choice":
        return text
    if text in options:
        return LETTERS[options.index(text)]
    if len(text) == 1 and text.upper() in LETTERS[: len(options) or None]:
        return text.upper()
    known = f"its options {', '.join(options)}" if options else "a letter, and it has no options"
    raise ValueError(f"its answer is {text!r:.40}, which is none of {known}")


def _text(what: str, value: object) -> str:
    if isinstance(value, str):
        return whole_characters(value.strip())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    raise ValueError(f"{what} is {value!r:.40}, not a text or a number")


def _metadata(fields: Mapping[str, Any], ids: Mapping[str, Any], asked: str, answers: tuple[str, ...]) -> Metadata:
    """What a record says: the ids as they were given, the question as it is asked, and the fields of one value."""
    told: dict[str, str | int | float | list[str]] = {**ids, "question": asked}
    if len(answers) == 1:
        told["answer"] = answers[0]
    else:
        told["answers"] = list(answers)
    for name, value in fields.items():
        if name not in (*told, "answer", "answers") and isinstance(value, str | int | float):
            if isinstance(value, float) and not math.isfinite(value):
                continue  # JSON has no such numbers
            told[name] = whole_characters(value) if isinstance(value, str) else value
    return told
