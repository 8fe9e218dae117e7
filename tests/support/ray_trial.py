"""Ray's own Trial, and its errors, as callbacks are handed them."""

from pathlib import Path

from ray.exceptions import RayTaskError
from ray.train._internal.storage import StorageContext
from ray.tune.experiment import Trial


class OutsideRay(StorageContext):
    """Where Ray's Trial keeps its files; Ray's own session folder is there only while Ray runs."""

    def _get_session_path(self) -> str:
        return str(Path(self.storage_fs_path) / "session")


def trial_of_ray(sweep: Path, number: int = 0) -> Trial:
    """As callbacks are handed the trial of that number."""
    storage = OutsideRay(str(sweep.parent), experiment_dir_name=sweep.name)
    name = f"trial_{number:05d}"
    trial = Trial("a trainable", stub=True, storage=storage, trial_dirname_creator=lambda _: name)
    trial.init_local_path()
    return trial


def raised_in_worker(error: Exception) -> Exception:
    """As Ray hands on what a worker raised."""
    text = f"ray::save() (pid=1, ip=127.0.0.1)\n{type(error).__name__}: {error}"
    return RayTaskError("save", text, error, pid=1, ip="127.0.0.1").as_instanceof_cause()
