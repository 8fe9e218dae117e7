"""How right an answer is, from 0 to 1, by the metrics of the benchmarks that profiles are measured on."""

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

ARTICLES = frozenset(("a", "an", "the"))
NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    )
} | {"none": "0"}
_CONTRACTED = (
    "ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd "
    "he'd've he's how'd how'll how's isn't it'd it'd've it'll ma'am mightn't mightn't've might've mustn't must've "
    "needn't not've o'clock oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd "
    "somebody'd've somebody'll somebody's someone'd someone'd've someone'll someone's something'd something'd've "
    "something'll that's there'd there'd've there're there's they'd they'd've they'll they're they've 'twas wasn't "
    "we'd've we've weren't what'll what're what's what've when's where'd where's where've who'd who'd've who'll "
    "who's who've why'll why're why's won't would've wouldn't wouldn't've y'all y'all'd've y'all'll you'd you'd've "
    "you'll you're you've"
)
CONTRACTIONS = {
    whole[:place] + whole[place + 1 :]: whole
    for whole in _CONTRACTED.split()
    for place, letter in enumerate(whole)
    if letter == "'"
}
"""A contraction by what is written where one apostrophe of it is left out."""
_COMMA_IN_A_NUMBER = re.compile(r"\d,\d")
_FULL_STOP = re.compile(r"\.(?!\d)")
_MARKS = ';/[]"{}()=+\\_-><@`,?!'
_NAMED = tuple(
    re.compile(way)
    for way in (
        r"^\W*([A-Za-z])\W*$",
        r"(?i:answer)(?: is)?:? *\(?([A-Z])(?![\w'])",
        r"\(([A-Z])\)",
        r"(?<![\w'])([A-Z])[).:]",
        r"(?<![\w'])([B-HJ-Z])(?![\w'])",  # A and I are words
    )
)
"""How an answer names an option, the surest way first."""
ANLS_THRESHOLD = 0.5


def vqa_score(given: str, answers: Sequence[str]) -> float:
    """Of ten people's answers, how many are this one: three are enough (Antol et al., VQA, ICCV 2015).

    Each of the people is left out once, and the mean is taken of min(others who agree / 3, 1), as the benchmark's own
    evaluation does (VT-vision-lab/VQA, vqaEval.py), after its normalisation of case, punctuation, articles, number
    words and contractions. It leaves an answer as it is where all people agree, which makes "Yes." wrong where all said
    "yes"; here all are normalised. Used by VQAv2, OK-VQA and TextVQA.

    Args:
        answers: at least four.
    """
    matches = [normalised(answer) == normalised(given) for answer in answers]
    return sum(min((sum(matches) - match) / 3, 1.0) for match in matches) / len(matches)


def exact_match(given: str, answers: Sequence[str]) -> float:
    """1 where it is one of the answers after normalisation, that of `vqa_score`; used by GQA."""
    return float(normalised(given) in map(normalised, answers))


def anls(given: str, answers: Sequence[str]) -> float:
    """Normalised Levenshtein similarity to the nearest answer, 0 up to a half (Biten et al., ST-VQA, ICCV 2019).

    Without regard to case and to blanks around; used by ST-VQA, DocVQA and InfographicVQA.
    """
    nearest = max(1.0 - _distance(_plain(given), _plain(answer)) for answer in answers)
    return nearest if nearest > ANLS_THRESHOLD else 0.0


def multiple_choice(given: str, answers: Sequence[str]) -> float:
    """1 where the letter that it names is the answer's; used by A-OKVQA, ScienceQA and MMMU.

    The letter stands alone ("B", "(B)", "B.", "B: a dog", "Answer: B"); a text without one is wrong, and "A dog" is
    one without.
    """
    letter = named_letter(given)
    return float(letter is not None and letter in (answer.strip().upper() for answer in answers))


class AnswerMetric(NamedTuple):
    """One of them."""

    score: Callable[[str, Sequence[str]], float]
    source: str
    fewest_answers: int = 1
    """Of one question: with fewer, none could be right."""


ANSWER_METRICS = {
    "exact_match": AnswerMetric(exact_match, "one of the answers, as VQA normalises them"),
    "vqa_score": AnswerMetric(vqa_score, "Antol et al., VQA: Visual Question Answering, ICCV 2015", fewest_answers=4),
    "anls": AnswerMetric(anls, "Biten et al., Scene Text Visual Question Answering, ICCV 2019"),
    "multiple_choice": AnswerMetric(multiple_choice, "the letter of the option"),
}


def normalised(answer: str) -> str:
    """As VQA's evaluation compares answers: lower case, no articles and punctuation, digits, whole contractions.

    Of punctuation as it does it: a mark that stands beside a blank somewhere in the answer goes everywhere in it, all
    marks go where a number has a comma, and any other becomes a blank.
    """
    text = whole = answer.replace("\n", " ").replace("\t", " ").strip()
    for mark in _MARKS:
        goes = f"{mark} " in whole or f" {mark}" in whole or _COMMA_IN_A_NUMBER.search(whole)
        text = text.replace(mark, "" if goes else " ")
    words = (NUMBERS.get(word, word) for word in _FULL_STOP.sub("", text).lower().split())
    return " ".join(CONTRACTIONS.get(word, word) for word in words if word not in ARTICLES)


def named_letter(given: str) -> str | None:
    """The option that an answer names, a capital letter; None where it names none."""
    for way in _NAMED:
        if found := way.search(given):
            return found[1].upper()
    return None


def _plain(text: str) -> str:
    return " ".join(text.lower().split())


def _distance(one: str, other: str) -> float:
    """Levenshtein's, as a part of the longer text."""
    if not one and not other:
        return 0.0
    row = list(range(len(other) + 1))
    for i, character in enumerate(one, start=1):
        diagonal, row[0] = row[0], i
        for j, its in enumerate(other, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (character != its))
    return row[-1] / max(len(one), len(other))
