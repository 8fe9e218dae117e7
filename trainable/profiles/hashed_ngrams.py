"""Language features of a question where no model gives any: its hashed word n-grams."""

import zlib

import numpy as np

from trainable.profiles.identities import whole_characters

HASHED_NGRAMS = "hashed n-grams"
HASHED_SIZE = 256
LONGEST_NGRAM = 2


def hashed_ngrams(text: str) -> np.ndarray:
    """Counts of the text's words and word pairs, hashed into signed buckets, float32 [HASHED_SIZE].

    The hash (CRC-32) is the same in every process, unlike Python's own.
    """
    words = whole_characters(text).lower().split()
    counts = np.zeros(HASHED_SIZE, dtype=np.float32)
    for length in range(1, LONGEST_NGRAM + 1):
        for start in range(len(words) - length + 1):
            code = zlib.crc32(" ".join(words[start : start + length]).encode())
            counts[code % HASHED_SIZE] += 1.0 if code & 0x80000000 else -1.0
    return counts
