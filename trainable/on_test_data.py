"""The checkpoint of a sweep's winner, judged once on test data, which no trial has seen; in a process of its own."""

import dataclasses
import pickle
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from results.mirror.checkpoints import complete, is_placeholder
from results.storage.store import Store
from trainable.runs.choosing import find_run_kind, go_by
from trainable.runs.metrics import reported_metrics
from trainable.runs.protocol import RunKind, WorkerContext
from trainable.runs.source_files import SourceFiles
from trainable.score_parts import Judged
from trainable.settings_fields import with_values
from trainable.torch_process import set_up_torch


def has_test_data(kind: RunKind) -> bool:
    """Whether a kind of run says how its checkpoints are judged on test data."""
    return type(kind).test is not RunKind.test


def judged_on_test_data(
    run_kind: str,
    run_files: SourceFiles | None,
    settings: bytes,
    hyperparameters: Mapping[str, Any],
    data: Any,
    context: WorkerContext,
    checkpoint: Path,
    store: Store | None,
) -> Judged | None:
    """What a checkpoint achieves there; None where there is no such data.

    Args:
        run_kind: a name that `find_run_kind` knows.
        run_files: where it lies in a file of the user's, which this machine need not have.
        settings: of the sweep's trials, pickled.
        hyperparameters: of the trial, in their place.
        data: what the kind's `prepare` gave.
        context: of this process.
        store: of the trial's folder, where the sweep has one: this machine may not have the checkpoint.

    Raises:
        TypeError, ValueError, KeyError: the kind's answer is none. Besides, whatever its code raises.
    """
    if run_files:
        go_by(run_files)
    kind = find_run_kind(run_kind)
    if kind.uses_torch:
        set_up_torch(context)
    of_trial = with_values(pickle.loads(settings), hyperparameters)
    with tempfile.TemporaryDirectory() as folder:
        if store and (not checkpoint.is_dir() or is_placeholder(checkpoint)):
            checkpoint = Path(folder, checkpoint.name)
            complete(checkpoint, store)
        return checked_judged(kind.test(of_trial, data, context, checkpoint), kind.objective)


def checked_judged(judged: Any, objective: str) -> Judged | None:
    """What a kind's `test` gave, as the record holds it.

    Raises:
        TypeError, ValueError, KeyError: it is something else.
    """
    if judged is None:
        return None
    if not isinstance(judged, Judged):
        raise TypeError(f"the kind's test gave {judged!r:.40}; it must be a Judged, or None")
    return dataclasses.replace(judged, metrics=reported_metrics(judged.metrics, [objective]))
