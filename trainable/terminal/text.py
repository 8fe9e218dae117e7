"""Text of whatever origin, as a terminal may be given it."""

import unicodedata


def printable(text: str) -> str:
    """Text of whatever origin as a terminal may be given it: what is no character to see is shown by its number.

    Such are the sequences by which a terminal's cursor, colours and title are set. Line ends and tabs stay.
    """
    if text.isprintable():
        return text
    return "".join(_shown_character(character) for character in text)


def one_line(text: str) -> str:
    """The same for a cell or a sentence, which line ends and tabs would tear."""
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def _shown_character(character: str) -> str:
    is_seen = character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
    return character if is_seen else ascii(character)[1:-1]
