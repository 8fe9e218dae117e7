"""The README's commands, by the heading under which they stand, and a copy of the project to run them in."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from sweep_process import ROOT, environment

HEADINGS_AND_BLOCKS = re.compile(r"^#+ (.+?)$|^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NOT_OF_THE_PROJECT = (
    ".*", "__pycache__", "*.egg-info", "checkpoints", "made", "stores", "sweeps", "tests", "tmp*", "wandb"
)  # fmt: skip
"""Temporary folders, too: another test may be making the example's model, and its files vanish under a copy."""

ONE_CORE = {"SLURM_CPUS_PER_TASK": "1"}
"""As where a scheduler allots one core: a sweep's trials share one worker, which costs seconds to start."""
WITHOUT_WANDB = ONE_CORE | {"WANDB_MODE": "disabled"}


def blocks(language: str, page: str = "README.md") -> dict[str, list[str]]:
    """The lines in blocks of a language, by heading."""
    found: dict[str, list[str]] = {}
    heading = ""
    for title, kind, text in HEADINGS_AND_BLOCKS.findall((ROOT / page).read_text(encoding="utf-8")):
        heading = title or heading
        if kind == language:
            found.setdefault(heading, []).extend(text.splitlines())
    return found


COMMANDS = blocks("bash")

ABOUT_DEMO = ("Sweep", "Resume", "What you know already", "Confirm", "Weights & Biases", "Comparing trials")
"""Headings whose commands are about the sweep `demo` or make it: test_readme.py runs them."""

MAKE, TRAINING, OWN_RUN = "GRPO Sweep", "Train once, evaluate, export", "Your own GRPO run"
RUNNING_MODEL = "The model itself"
RANKED_OTHERWISE = "Constraints, several objectives, an end"
VARIANTS = {"Your own profile": "mine", "Your own search space": "wide", "The original's recipe": "original"}
"""Headings with a sweep of their own, and its name; test_readme_alone.py runs those and the ones above."""


class Project:
    """A copy of the project, so that the README's sweeps meet none of the user's.

    Args:
        folder: does not exist yet.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_OF_THE_PROJECT))
        (folder / ".venv").mkdir()
        for entry in Path(sys.executable).parents[1].iterdir():
            if not entry.name.startswith(".ready-"):
                (folder / ".venv" / entry.name).symlink_to(entry)
        # As make leaves it once it has set it up; else it would install the copy where it is linked to.
        subprocess.run(["make", "--touch", "setup"], cwd=folder, check=True, capture_output=True)

    @property
    def environment(self) -> dict[str, str]:
        """That of a shell in which the copy's virtual environment is active; pip finds nothing to install there."""
        path = f"{self.folder / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return environment(PATH=path, PYTHONPATH=str(self.folder), PIP_NO_INDEX="1")

    def run(self, line: str, **variables: str) -> str:
        """Run a line in a shell, which has to succeed; what it printed.

        Args:
            variables: of the shell's environment.
        """
        done = subprocess.run(
            line, shell=True, capture_output=True, encoding="utf-8", cwd=self.folder, env=self.environment | variables
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"
        return done.stdout
