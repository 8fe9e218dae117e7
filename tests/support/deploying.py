"""deploy.py in the process of the tests, and what it left of the shipped model under a policy of two epochs."""

import contextlib
import io
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shipped_store import MODEL, QUESTIONS

NUM_QUESTIONS = 16
BUDGETS = ("0.5", "30ms", "1")


@dataclass(frozen=True)
class Deployed:
    """What the command left, and what it printed."""

    folder: Path
    printed: str

    @property
    def report(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self.folder / "deployment.json").read_text(encoding="utf-8"))
        return content


def deploy_here(*arguments: str | Path) -> tuple[int, str, str]:
    """The command: its status, and what it printed."""
    from trainable.deploy import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([*map(str, arguments)])
    return status, out.getvalue(), err.getvalue()


def deploy_shipped(trial: Path, folder: Path) -> Deployed:
    """A trial's best policy on a few test questions."""
    shutil.copytree(trial, folder / "trial")
    status, out, err = deploy_here(
        folder / "trial", "--model_path", MODEL, "--dataset", QUESTIONS, "--max_samples", str(NUM_QUESTIONS),
        "--budgets", *BUDGETS,
    )  # fmt: skip
    assert status == 0, err
    return Deployed(folder / "trial" / "checkpoint_000002" / "exported_policy", out)
