"""Making a store ready for a run: what the run takes for fixed is measured before its first trial.

A process that is to do without torch has another one do it.
"""

import json
import os
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainable.contract import PROJECT, UserError
from trainable.flags import as_arguments
from trainable.measuring.settings import MeasuringSettings
from trainable.measuring.store import MeasuredStore
from trainable.settings_fields import to_flat, with_values
from trainable.torch_process import is_out_of_memory

if TYPE_CHECKING:
    from trainable.measuring.meter import Meter


COMMAND = "trainable/profile_model.py"


@dataclass(frozen=True)
class Prepared:
    """A store, new or not, whose reference samples are measured and whose features are made."""

    meter: "Meter"
    features: str
    """What they cost, in a sentence."""


def prepare_store(settings: MeasuringSettings, line: str, say: Callable[[str], None]) -> Prepared:
    """Measure what a run takes for fixed.

    Args:
        line: the command that this is for, which the store's provenance tells.
        say: called with what is done, a sentence each.

    Raises:
        UserError: as `open_meter`.
    """
    from trainable.measuring.features import make_features  # torch takes a second to import
    from trainable.measuring.opening import open_meter
    from trainable.measuring.profiling import measure_all
    from trainable.measuring.provenance import write_provenance

    meter = open_meter(settings, say)
    store = meter.store
    measured = measure_all(meter, store.contents.reference, "reference samples")
    prepared = Prepared(meter, make_features(meter).describe())
    say(prepared.features)
    if measured or not store.is_complete():  # of what is about to be measured, too, be it that it does not end
        write_provenance(store, line, prepared.features)
    return prepared


def prepare_in_child(settings: MeasuringSettings) -> MeasuredStore:
    """The store that `prepare_store` makes in a process of its own, which shows on stderr how far it is.

    Raises:
        UserError: as `prepare_store`, or that process was killed.
    """
    program = "import sys; sys.path.insert(0, sys.argv[1]); from trainable.measuring.preparing import child; child()"
    begun = [sys.executable, "-c", program, str(PROJECT)]
    with subprocess.Popen(begun, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8") as process:
        assert process.stdin
        assert process.stdout
        with suppress(BrokenPipeError):  # it has ended already, and says below why
            process.stdin.write(json.dumps(to_flat(settings)) + "\n")
            process.stdin.flush()
        refusal = process.stdout.read().strip()  # with its end; stdin stays open until then, see `_end_with_parent`
    if process.returncode < 0:
        raise UserError(
            f"{settings.output}: what prepared the store was killed by signal {-process.returncode}; the same command "
            "goes on from there, if with more memory where that was the reason"
        )
    if process.returncode:
        raise UserError(refusal or f"{settings.output}: the store could not be prepared, see above")
    return MeasuredStore.open(Path(settings.output))


def child() -> None:
    """That process: settings as a line of JSON come on stdin; a mistake of the user's goes to stdout, and ends it."""
    answer, sys.stdout = sys.stdout, sys.stderr  # what a model's own code prints is no answer
    flat = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_parent, daemon=True).start()
    required = {name: flat[name] for name in ("model_path", "dataset", "output")}
    try:
        settings = with_values(MeasuringSettings(**required), flat)
        line = shlex.join(["python", COMMAND, *as_arguments(settings), "--reference_only"])
        with out_of_memory_told(settings):
            prepare_store(settings, line, print)
    except UserError as error:
        print(error, file=answer, flush=True)  # at its end Python flushes what sys.stdout is then
        sys.exit(1)


def _end_with_parent() -> None:
    """Measure no longer than somebody waits for it: whatever ends the other process closes its end of the pipe."""
    os.read(sys.stdin.fileno(), 1)  # not through `sys.stdin`, whose lock would be held when this process ends
    os._exit(1)


@contextmanager
def out_of_memory_told(settings: MeasuringSettings) -> Iterator[None]:
    """Within the block, the model runs.

    Raises:
        UserError: the device, or the machine, has no memory left for it.
    """
    try:
        yield
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise UserError(
            f"--model_path {settings.model_path}: there is no memory left for an answer; free the device, or give "
            "another one, a smaller --dtype or --configurations without the dearest; the same command goes on from here"
        ) from error
