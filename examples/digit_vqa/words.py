"""The words of questions and answers, by token id, and the facts that only the model's weights can hold."""

import torch

DIGITS = [str(digit) for digit in range(10)]
ASKING = ["?", "which", "digit", "sum", "code", "top", "bottom", "left", "right", "row", "column"]
FIRST = [
    "red", "blue", "green", "gold", "grey", "pink", "brown", "black", "white", "tiny", "huge", "calm", "wild", "soft",
    "cold", "warm", "fast", "slow", "old", "young", "sad", "proud", "shy", "loud", "dry", "wet", "rich", "bold", "kind",
    "odd",
]  # fmt: skip
SECOND = [
    "fox", "owl", "cat", "dog", "bee", "ant", "cow", "hen", "rat", "elk", "yak", "emu", "bat", "eel", "cod", "ram",
    "pig", "ape", "jay", "crow", "swan", "toad", "wolf", "bear", "lynx", "mole", "hare", "seal", "deer", "goat",
]  # fmt: skip
PAD, IMAGE, END = "<pad>", "<image>", "<end>"
FIRST_WORDS = (PAD, IMAGE, *DIGITS, *ASKING, *FIRST, *SECOND)
"""Of the first edition, by token id."""
WORDS = (*FIRST_WORDS, END, "read", "rows", "columns")
"""Of the second: the ids of the first stay."""
ID = {word: number for number, word in enumerate(WORDS)}

CODES = torch.randint(0, 10, (len(FIRST), len(SECOND)), generator=torch.Generator().manual_seed(900))
"""[30, 30]: the digit that belongs to a pair of a first and a second word."""


def ids_of(text: str) -> list[int]:
    """Token ids of a question: its words, the question mark one of them."""
    return [ID[word] for word in text.replace("?", " ?").split()]
