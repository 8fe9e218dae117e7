"""What files say: UTF-8 at every open, no word of what is trained outside of `trainable`, names of files that exist."""

import ast
import re
from pathlib import Path

from trainable.runs.choosing import KINDS

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("tune", "trainable", "search_spaces", "results")

OF_TRAININGS = re.compile("latenc|budget|knob|frontier|polic(?:y|ies)|controller|molmo|vlm|token", re.IGNORECASE)
"""Words of what some kind of run trains: outside of `trainable` nobody speaks of it."""
KINDS_OWN = (
    *(f"search_spaces/{kind}*.py" for kind in KINDS),
    "search_spaces/narrow.py",
    "search_spaces/wide.py",
    "results/record/upgrade.py",
)
"""What the kinds that ship have there: their spaces, and the words of earlier records."""
OF_OTHERS = {
    "tune/cluster/cpu_cores.py": ("controllers",),
    "tune/cluster/local_ray.py": ("RAY_AUTH_TOKEN", "token_hex"),
    "tune/cluster/joining.py": ("asks for another token", "RAY_AUTH_MODE=token", "RAY_AUTH_TOKEN"),
    "tune/engine/ray_trials.py": ("TuneController",),
    "tune/engine/scheduler.py": ("tune_controller",),
    "tune/engine/snapshots.py": ("controller", "Controller"),
    "results/page/template.html": ("Content-Security-Policy",),
    "results/files/atomic_write.py": ("token_hex",),
    "results/mirror/arrival.py": ("token_hex",),
    "results/mirror/checkpoint_sender.py": ("token_hex",),
    "results/mirror/checkpoints.py": ("token_hex",),
    "results/mirror/ownership.py": ("token_hex",),
    "results/record/origin.py": ("token_hex",),
    "results/storage/errors.py": (
        "CLIENT_TOKEN_ID",
        "AUTHENTICATION_TOKEN",
        "EXPIRED_TOKEN",
        "ExpiredToken",
        "TokenRefreshRequired",
        "InvalidToken",
    ),
    "results/storage/reaching.py": ("token_hex",),
    "results/storage/store.py": ("token_hex",),
    "results/trackers/wandb_run.py": ('policy="immutable"',),
    "results/trackers/wandb_sweep_entry.py": ("a controller that is not W&B's", '"controller": {'),
    "results/trackers/wandb_wishes.py": ("token_file", "TOKEN_FILE"),
}
"""Where Linux, Ray, browsers, stores and W&B use them for things of theirs."""
CAPS = re.compile("(?:epoch|time)_budget")
"""Settings of a sweep, called as they are in every other tool."""


def words_of_trainings(root: Path) -> list[str]:
    """Where other packages than `trainable` speak of what is trained, in a file's name or a line of it.

    What users' sweeps have left beside them is not read.
    """
    found = []
    for file in sorted(file for package in PACKAGES if package != "trainable" for file in root.glob(f"{package}/**/*")):
        place = file.relative_to(root)
        is_own = file.suffix in (".py", ".js", ".html", ".css") and not {"vendor", "sweeps"} & set(place.parts[:-1])
        if not is_own or any(place.match(pattern) for pattern in KINDS_OWN):
            continue
        text = CAPS.sub("", f"{place}\n{file.read_text(encoding='utf-8')}")
        for phrase in OF_OTHERS.get(str(place), ()):
            text = text.replace(phrase, "")
        for number, line in enumerate(text.splitlines()):
            found += [f"{place}:{number} {word}" for word in OF_TRAININGS.findall(line)]
    return found


def texts_of_any_encoding(root: Path) -> list[str]:
    """Where text is read or written without saying that it is UTF-8: it would be in the locale's encoding."""
    found = []
    for file in sorted(
        file for folder in (*PACKAGES, "tests", "benchmarks", "docs") for file in root.glob(f"{folder}/**/*.py")
    ):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _is_text(node) and "encoding" not in {key.arg for key in node.keywords}:
                found.append(f"{file.relative_to(root)}:{node.lineno}")
    return found


def _is_text(call: ast.Call) -> bool:
    """Whether it reads or writes text, of a file or of a process."""
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    if name == "open":
        owner = ast.unparse(call.func).removesuffix("open")
        modes = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
        is_no_text = owner in ("os.", "Image.", "MeasuredStore.", "cls.")
        return not is_no_text and not any("b" in mode for mode in modes if len(str(mode)) <= 3)
    is_encoded = name in ("read_text", "write_text") and len(call.args) < 2
    flags = {key.arg for key in call.keywords if isinstance(key.value, ast.Constant) and key.value.value is True}
    return is_encoded or bool(flags & {"text", "universal_newlines"})


def test_all_text_is_utf_8_in_any_locale() -> None:
    assert texts_of_any_encoding(ROOT) == []


def test_nobody_but_training_speaks_of_what_is_trained() -> None:
    assert words_of_trainings(ROOT) == []


def test_documents_name_files_that_exist() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
    named = re.compile(rf"\b(?:{'|'.join(PACKAGES)}|tests|benchmarks|docs)/[\w/]+\.(?:py|sh|md|png|svg)\b")
    found = [(page.name, name) for page in pages for name in named.findall(page.read_text(encoding="utf-8"))]
    assert len(found) > 50
    assert [(page, name) for page, name in found if not (ROOT / name).exists()] == []


def test_a_planted_word_and_a_text_of_any_encoding_are_seen(tmp_path: Path) -> None:
    for file, text in {
        "tune/engine/scheduler.py": "# the best policy of tune_controller\n",
        "results/page/frontier.js": "",
        "results/sweeps/mine/report.html": "latency",
        "search_spaces/trl_grpo_tall.py": "SPACE = {'budget_penalty': 1}\n",
        "search_spaces/mine.py": "open('a')\nopen('b', 'rb')\nopen('c', encoding='utf-8')\n",
    }.items():
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    assert texts_of_any_encoding(tmp_path) == ["search_spaces/mine.py:1"]
    assert words_of_trainings(tmp_path) == ["results/page/frontier.js:0 frontier", "tune/engine/scheduler.py:1 policy"]
