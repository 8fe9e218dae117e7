"""Ids and other texts of a profile, each spelled in one way: files of one profile may come from several scripts."""

import re
import unicodedata
from collections.abc import Sequence

import numpy as np

EXACT_BELOW = 2**53
"""A larger number that was written with a decimal point may have lost its last digits."""

_WHOLE_NUMBER = re.compile(r"(-?)0*([0-9]+)(\.0*)?")


def identity(name: str, value: object) -> str:
    """What a value is told apart by: 5, 5.0, "5", " 05 " and "5.0" are one; nothing and blanks are "".

    Raises:
        ValueError: it is no whole number and no text, or holds half a character.
    """
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT_BELOW:
        value = int(value)
    if type(value) is int:  # what most are, so it is asked first; True is one, too, by isinstance
        return str(value)
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r:.40}, not a whole number or a text")
    text = value.strip()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
        if whole_characters(text) != text:
            raise ValueError(f"{name} is {text!r:.40}, which holds half a character")
    if number := _WHOLE_NUMBER.fullmatch(text):
        sign, digits, _ = number.groups()
        return digits if digits == "0" else sign + digits
    return text


def whole_characters(text: str) -> str:
    """A text that can be encoded: JSON's "\\ud800", half a character, becomes a question mark."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def ids_as_array(ids: Sequence[str]) -> np.ndarray:
    """Ids as a file of arrays can hold them: whole numbers int64 [S], or texts in UTF-8, uint8 [S, bytes].

    Args:
        ids: as `identity` spells them.
    """
    try:
        return np.array([int(text) for text in ids], dtype=np.int64)
    except (ValueError, OverflowError):
        encoded = np.array([text.encode() for text in ids])  # [S] of bytes, filled up with zeros
        return encoded.view(np.uint8).reshape(len(ids), -1)


def ids_of_array(array: np.ndarray) -> list[str]:
    """The ids that an array of either kind holds, as `identity` spells them.

    Raises:
        ValueError: one is no whole number and no text.
    """
    if array.ndim == 2 and array.dtype == np.uint8:
        return [identity("question_id", row.tobytes().rstrip(b"\0").decode()) for row in array]
    return [identity("question_id", question_id) for question_id in array.tolist()]
