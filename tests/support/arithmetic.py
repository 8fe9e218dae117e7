"""The example of a language model, whose own model is made once for all tests: half a minute of a core."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweep_process import ROOT

EXAMPLE = ROOT / "examples" / "arithmetic"
TASK = EXAMPLE / "task.py"


@contextmanager
def making_its_model() -> Iterator[None]:
    """Others who want the model wait for it here, in another process of the tests too, and do not make it again."""
    with (EXAMPLE / "make_model.py").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def copy_model(to: Path) -> None:
    """Put the model that the example makes at its first launch into another copy of the example."""
    from trainable.language_model.task import read_task

    with making_its_model():
        made = read_task(TASK).model_path()
    shutil.copytree(made, to, dirs_exist_ok=True)
