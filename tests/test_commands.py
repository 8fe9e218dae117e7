"""What every command has in common: quick help, since what is heavy to import waits until there is work."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = [
    file
    for folder in ("tune", "trainable", "results")
    for file in sorted((ROOT / folder).rglob("*.py"))
    if '__name__ == "__main__"' in file.read_text()
]
ASK_FOR_HELP = """
import runpy, sys
command = sys.argv[1]
sys.argv = [command, "--help"]
sys.path[0] = command.rpartition("/")[0]
try:
    runpy.run_path(command, run_name="__main__")
except SystemExit as end:
    print("status", end.code or 0)
print(sorted({"torch", "ray", "optuna", "wandb", "numpy", "transformers", "matplotlib", "pandas"} & set(sys.modules)))
"""


def test_there_are_commands() -> None:
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("command", COMMANDS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_help_imports_nothing_heavy(command: Path) -> None:
    shown = subprocess.run([sys.executable, "-c", ASK_FOR_HELP, str(command)], capture_output=True, text=True)
    *text, status, heavy = shown.stdout.strip().splitlines()
    assert (status, heavy) == ("status 0", "[]"), shown.stdout + shown.stderr
    assert "usage" in text[0]
