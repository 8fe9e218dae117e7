"""Sums of two to four digits, to be answered right and in few tokens.

    python tune/run_sweep.py --run trl_grpo --task examples/arithmetic/task.py

The last number of an answer counts. What stands before it is working: "9+4+7=" may be answered "20", or with running
totals "13 20", which costs three tokens and is far more often right. The model (make_model.py) comes with the habit of
writing its working twice. So there is something to learn at once, to stop after the first time; something that takes
longer, to add up better; and something to weigh: without any working an answer is within every budget, and often wrong.
"""

import random
import subprocess
import sys
from pathlib import Path

TOKEN_BUDGETS = (3, 6, 9, 18)
"""In tokens, the end included: a bare sum, working for three digits, working for four, everything twice."""

DEFAULTS = {"lr": 1e-5}
"""Why these, and why num_generations and budget_penalty start from TRL's and the sweep's own defaults: docs/trl.md."""


def draw_digits(rng: random.Random) -> list[int]:
    return [rng.randint(1, 9) for _ in range(rng.randint(2, 4))]


def prompt_of(digits: list[int]) -> str:
    return "+".join(map(str, digits)) + "="


def _draw_rows(count: int) -> list[dict[str, str]]:
    """Different sums: prompts, each with its answer."""
    rng = random.Random(0)
    rows: dict[str, str] = {}
    while len(rows) < count:
        digits = draw_digits(rng)
        rows[prompt_of(digits)] = str(sum(digits))
    return [{"prompt": prompt, "answer": answer} for prompt, answer in rows.items()]


_ROWS = _draw_rows(1200)
VALIDATION, TRAINING = _ROWS[:200], _ROWS[200:]
CONSTANT_ANSWERS = sorted({row["answer"] for row in TRAINING})


def is_correct(completion: str, answer: str, **_: object) -> bool:
    return completion.split()[-1:] == [answer]


def correct(completions: list[str], answer: list[str], **_: object) -> list[float]:
    return [float(is_correct(completion, right)) for completion, right in zip(completions, answer, strict=True)]


REWARDS = {"correct": correct}


def model() -> Path:
    """The folder of the model, which is made the first time."""
    folder = Path(__file__).with_name("model")
    if not folder.exists():
        print("Making the example's model, once: less than a minute", flush=True)
        # In a process of its own, so that neither its seed nor its number of threads is left behind in this one.
        subprocess.run([sys.executable, folder.with_name("make_model.py"), folder], check=True)
    return folder
