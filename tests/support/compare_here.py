"""Runs the comparison's own command in the process of the tests, which has imported already what it needs."""

import contextlib
import gc
import subprocess
import tempfile
from pathlib import Path

from sweep_here import printing_into
from sweep_process import ROOT

from results.compare_trials import main


def compare_here(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """As from a shell in the project's folder."""
    given = [*map(str, arguments)]
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        try:
            with contextlib.chdir(ROOT), printing_into(out, err):
                status = main(given)
        finally:
            gc.enable()  # the command, which ends with its process, does without
        return subprocess.CompletedProcess(
            given, status, out.read_text(encoding="utf-8"), err.read_text(encoding="utf-8")
        )
