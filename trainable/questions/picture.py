"""The picture that a question is about: where it lies, opened when it is asked for."""

import hashlib
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PIL import Image, ImageOps, UnidentifiedImageError

from trainable.contract import UserError

_NO_IMAGE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)
"""What Pillow raises for a file that is missing, broken, of no known format, or too large."""


@dataclass(frozen=True)
class Picture:
    """An encoded image."""

    place: str
    """Where a person finds it: a file, or a row of a dataset."""
    data: Callable[[], bytes]
    """Its file's content; raises OSError."""

    def image(self) -> Image.Image:
        """As it is to be looked at: upright, in grey or RGB.

        Raises:
            UserError: it does not open.
        """
        try:
            opened = Image.open(io.BytesIO(self.data()))
            upright = ImageOps.exif_transpose(opened)
            return upright if upright.mode in ("L", "RGB") else upright.convert("RGB")
        except _NO_IMAGE as error:
            raise UserError(f"{_does_not_open(self.place, error)}; mend it or remove its questions") from None


def checked(pictures: Iterable[Picture]) -> list[str]:
    """The hash of each picture's file, of which each opens.

    Raises:
        UserError: some do not; it names the first and counts the others.
    """
    hashes: dict[str, str] = {}
    sound: set[str] = set()
    faults: list[str] = []
    pictures = list(pictures)
    for picture in {picture.place: picture for picture in pictures}.values():
        try:
            data = picture.data()
            content = hashlib.sha256(data).hexdigest()
            if content not in sound:
                _decode(data)
                sound.add(content)
            hashes[picture.place] = content
        except _NO_IMAGE as error:
            faults.append(_does_not_open(picture.place, error))
    if faults:
        others = f", nor do {len(faults) - 1:,} others" if len(faults) > 1 else ""
        raise UserError(f"{faults[0]}{others}; mend them or remove their questions")
    return [hashes[picture.place] for picture in pictures]


def _decode(data: bytes) -> None:
    """Raises what Pillow raises where something is amiss, at the least cost that shows it."""
    image = Image.open(io.BytesIO(data))
    if image.format == "PNG":
        image.verify()  # its checksums
    else:
        image.draft("L", (1, 1))  # a JPEG at an eighth of its size
        image.load()


def _does_not_open(place: str, error: Exception) -> str:
    what = "there is no such file" if isinstance(error, FileNotFoundError) else _reason(error)
    return f"image {place}: it does not open ({what})"


def _reason(error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return "of no format that Pillow knows"
    return " ".join((error.strerror if isinstance(error, OSError) and error.strerror else str(error)).split())
