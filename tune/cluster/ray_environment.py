"""Ray's environment variables as a sweep wants them; Ray reads some when it is imported, so this comes before."""

import os
from pathlib import Path

import trainable
from trainable.contract import PROJECT, UserError
from trainable.user_paths import home

VARIABLES = {
    # Of the processes that Ray would start beforehand, no trial could make use.
    "RAY_prestart_worker_first_driver": "0",
    # Ray's state of a fit, of which nothing is read, is looked after when the fit begins and ends alone.
    "TUNE_GLOBAL_CHECKPOINT_S": "inf",
    # Our own progress is shown instead of Ray's.
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_WARN_THRESHOLD_S": "30",
    # How many trials run at a time the searcher decides, as nodes come and go; of those that it hands out, none waits.
    "TUNE_MAX_PENDING_TRIALS_PG": "1000",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    # result.json, progress.csv and TensorBoard are written by our own callbacks, straight into the sweep's folder.
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    # A failed trial's last result holds no metric; that every epoch's does, the trainable checks.
    "TUNE_DISABLE_STRICT_METRIC_CHECKING": "1",
    # The sweep handles signals itself.
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    # Trials must not change folder: the paths of a user's own run stay valid.
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
}


def prepare_ray_environment() -> None:
    """Set what the user has not set, and have workers import the same modules as this process.

    Raises:
        UserError: this was started in another checkout, whose modules they would import: Ray puts the folder in which
            a driver was started first on the path of its workers; or there is no home, without which it is not
            imported.
    """
    home()
    here = Path.cwd() / trainable.__name__
    if (here / "__init__.py").exists() and not here.samefile(PROJECT / trainable.__name__):
        raise UserError(f"the trials would run the modules of {here.parent}, where you stand; start it elsewhere")
    for name, value in VARIABLES.items():
        os.environ.setdefault(name, value)
    others = [place for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place and place != str(PROJECT)]
    os.environ["PYTHONPATH"] = os.pathsep.join([str(PROJECT), *others])
