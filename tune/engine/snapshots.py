"""Ray's own state of a fit: nothing here reads it, so that it is not written either."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ray.tune import ExperimentAnalysis
from ray.tune.execution.tune_controller import TuneController


@contextmanager
def without_snapshots() -> Iterator[None]:
    """Within the block, a `Tuner.fit` leaves an empty file where its state would be, 64 kB a trial, and reads nothing.

    Ray (2.60) looks for that file when the fit ends, and would read the results of all its trials again.
    """
    save, fetch = TuneController.save_to_dir, ExperimentAnalysis._fetch_trial_dataframes

    def leave_empty(controller: Any) -> None:
        folder = Path(controller._storage.experiment_driver_staging_path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / controller.experiment_state_file_name).touch()

    TuneController.save_to_dir = leave_empty
    ExperimentAnalysis._fetch_trial_dataframes = lambda analysis: {}
    try:
        yield
    finally:
        TuneController.save_to_dir, ExperimentAnalysis._fetch_trial_dataframes = save, fetch
