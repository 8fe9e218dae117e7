"""What every part of the project agrees on: metric names, the layout of a sweep on disk, how a trial stands, and the
user's error.

Imports the standard library alone, so that a module which only describes or reads pays for nothing else.
"""

import os
import re
from enum import StrEnum
from pathlib import Path

# Metrics: one row per epoch, under exactly these names in result.json, W&B and TensorBoard.
TRAIN_LOSS = "Train/Loss"
TRAIN_REWARD_MEAN = "Train/Reward_Mean"
TRAIN_REWARD_STD = "Train/Reward_Std"
TRAIN_ACCURACY_MEAN = "Train/Accuracy_Mean"
TRAIN_ACCURACY_STD = "Train/Accuracy_Std"
TRAIN_LATENCY_MEAN = "Train/Latency_Mean"
TRAIN_LATENCY_STD = "Train/Latency_Std"
TRAIN_VIOLATION_RATE = "Train/Budget_Violation_Rate"
TRAIN_ENTROPY = "Train/Entropy"
TRAIN_ZERO_VARIANCE_GROUPS = "Train/Zero_Variance_Groups"
VAL_REWARD_MEAN = "Val/Reward_Mean"
VAL_ACCURACY_MEAN = "Val/Accuracy_Mean"
VAL_LATENCY_MEAN = "Val/Latency_Mean"
VAL_VIOLATION_RATE = "Val/Budget_Violation_Rate"
VAL_IN_BUDGET_ACCURACY = "Val/In_Budget_Accuracy"
VAL_ORACLE_GAP = "Val/Oracle_Gap"
OF_EACH_DATASET = (VAL_ACCURACY_MEAN, VAL_LATENCY_MEAN, VAL_VIOLATION_RATE, VAL_IN_BUDGET_ACCURACY)
"""Of a validation on several datasets, what is said of each too, under the name that `dataset_metric` makes."""
PERF_SAMPLES_PER_SECOND = "Perf/Samples_Per_Second"
PERF_PEAK_GPU_MEMORY_MB = "Perf/Peak_GPU_Memory_MB"
PERF_CELLS_MEASURED = "Perf/Cells_Measured"
PERF_CELLS_REUSED = "Perf/Cells_Reused"

EPOCH = "training_iteration"
"""Epochs count from 1 and are the step of every tracker."""

SEED = "seed"
"""Among a trial's hyperparameters when it confirms a setting; all trials of a search share the sweep's."""

DEVICE = "device"
"""Column of result.json: what the epoch was trained on, 'cpu' or the name of a GPU."""
GPU_IDS = "gpu_ids"
"""Column of result.json: which GPUs of its node the epoch was trained on, as "0" or "0,1"; empty on a CPU."""
GPU_SHARE = "gpu_share"
"""Column of result.json: what the trial had of them: 0.25 of one that four shared, 2.0 of two, 0.0 on a CPU."""
NODE = "node_id"
"""Column of result.json: the cluster's node, by the name that Ray gives it for as long as it is there."""
PLACE = (DEVICE, GPU_IDS, GPU_SHARE, NODE)
"""Where an epoch was trained, which may change when a trial goes on."""
CHECKPOINTED = "checkpointed"
"""Column of result.json: whether the epoch was saved. Later checkpoints replace it, unless it is the best."""
ARRIVAL = "arrival"
"""Column of result.json: the index of a row among all rows of the sweep, in the order in which they came."""

SWEEP_TIME = "sweep_time_s"
"""Column of result.json: for how long (s) the sweep's trials had run when the row came, in all runs of the command."""

PAUSED = "paused"
"""Column of result.json: where the trial was paused after the row, and why: at a RUNG, or by a CAP of the sweep's."""
RUNG, CAP = "rung", "cap"
LAID_DOWN = "laid down"
"""In a result of Ray's, and never in the record: the trial goes on with the sweep's next Tuner."""

FAILURE = "failure"
"""Key of a result that ends a trial instead of reporting an epoch."""
NOTE = "note"
"""Key of a result: a sentence that the user should see."""
GPU_USE = "gpu_use"
"""Key of a result: what its epoch took of a GPU that it had to itself, where that was to be measured."""
ROWS = "rows"
"""Key of a trial's config, until it begins: what is recorded of it, where it may not see the sweep's folder."""
SAMPLES = "samples"
"""Key of a result: what the run showed of its epoch. W&B and TensorBoard show it under the same name."""

_OF_RAY = (
    "config", "done", "date", "timestamp", "time_this_iter_s", "time_total_s", "time_since_restore",
    "iterations_since_restore", "timesteps_since_restore", "timesteps_this_iter", "timesteps_total",
    "episodes_this_iter", "episodes_total", "trial_id", "experiment_id", "experiment_tag", "trainable_name", "pid",
    "hostname", "node_ip", "should_checkpoint", "checkpoint_dir_name", "__duplicate__", "__trial_info__",
)  # fmt: skip
"""What Ray (2.60) puts into a result, or takes from it."""
_OF_VIEWS = ("Score", "score", "best_epoch", "status", "feasible", "_step", "_timestamp", "_runtime", "_wandb")
"""What TensorBoard and W&B show beside the metrics."""
OTHER_COLUMNS = frozenset(
    {
        EPOCH, *PLACE, CHECKPOINTED, ARRIVAL, SWEEP_TIME, PAUSED, FAILURE, NOTE, GPU_USE, SAMPLES, *_OF_RAY,
        *_OF_VIEWS,
    }
)  # fmt: skip
"""What a row holds, or is shown with, besides its metrics."""

FP32, TF32, BF16 = PRECISIONS = ("fp32", "tf32", "bf16")
"""What training computes in: 32 bits; with a mantissa of 10 bits in the products of a GPU's matrices; or, under
autocast, in 16 bits where that is safe, with the weights in 32."""
PRECISION_HELP = "what training computes in: fp32, tf32 (on GPUs that have it), or bf16 with weights in fp32"

PROJECT = Path(__file__).resolve().parent.parent
"""The folder in which this package lies."""

DEFAULT_STORAGE = PROJECT / "results" / "sweeps"
"""Where sweeps lie when the user does not say."""

# The layout of a sweep: <storage_path>/<name>/...
SWEEP_FILE = "sweep.yaml"
DATA_FILE = "data.json"
"""What the trials run on, as the run describes it (a sentence, a fingerprint, the baselines), and two commands."""
TRAIN_COMMAND, EVALUATE_COMMAND = "train_command", "evaluate_command"
"""How to train one run as the sweep's trials are, but for the trial's own values, its epochs and its seed; and how to
judge a checkpoint in a trial's folder, both on the sweep's data. Empty where there is no such command."""
SPACE_FILE = "search_space.json"
"""What is searched: each hyperparameter's range or choices."""
PRIOR_FILE = "prior.json"
"""Where good values of it were believed to lie."""
ENVIRONMENT_FILE = "environment.json"
"""What its code was: the versions of what it builds on, the git commit."""
TEST_FILE = "test.json"
"""What the winner achieves on test data, and whose checkpoint it is."""
WANDB_PAGES_FILE = "wandb.json"
"""Where its view, its report and its entry on the Sweeps page are."""
REPORT_FILE = "report.html"
LOCK_FILE = "driver.lock"
OPTUNA_FILE = "optuna.journal"
PROPOSED_FILE = "proposed.json"
"""How many trials there have been, and which of them were replicates: a number is given once, also where a trial's
folder was removed."""
WARM_START_FILE = "warm_start.json"
"""What it took of earlier sweeps when it began."""
PLACEMENT_FILE = "placement.json"
"""How many trials share a GPU, and why, where that was found out or had to change."""
END_FILE = "end.json"
"""By which cap it ended, if it ended by one and has not gone on since."""
REFUSED_FILE = "refused.json"
"""Proposals that were refused and drawn again, if any was."""

# ... and of one trial: <storage_path>/<name>/trial_00003/...
PARAMS_FILE = "params.json"
PROPOSAL_FILE = "proposal.json"
"""Where its hyperparameters came from."""
PROMOTIONS_FILE = "promotions.json"
"""From which rungs it went on, after it had been paused there."""
RESULT_FILE = "result.json"
PROGRESS_FILE = "progress.csv"
SAMPLES_FILE = "samples.jsonl"
"""What the run showed: a line an epoch, where it shows something."""
FAILURE_FILE = "failure.json"
WORKSPACE = "workspace"
"""A folder of the run's own while it trains."""

# ... and of one of its checkpoints, beside what the run itself writes there.
DETAILS_FILE = "details.json"
"""What was achieved in its epoch, in more detail than a row; from runs that can tell."""

SEAL_FILE = "files.json"
"""The hash of each file of the checkpoint."""

# Why a trial ended before its time.
ERROR, OUT_OF_MEMORY, OUT_OF_GPU_MEMORY, DIVERGED = FAILURE_KINDS = (
    "error", "out of memory", "out of GPU memory", "diverged",
)  # fmt: skip


class TrialStatus(StrEnum):
    """How a trial stands."""

    COMPLETED = "completed"
    STOPPED_EARLY = "stopped early"
    PAUSED = "paused"
    UNFINISHED = "unfinished"
    DIVERGED = "diverged"
    FAILED = "failed"


_TRIAL_FOLDER = re.compile(r"trial_(\d{5,})")
_CHECKPOINT_FOLDER = re.compile(r"checkpoint_(\d{6,})")


class UserError(Exception):
    """A mistake the user can mend. Its text is one sentence: what is wrong, where, and what to do."""


class SettingError(UserError):
    """A setting that cannot be as it is. Where it was given, whoever read it knows: see `settings_fields.given_in`."""

    def __init__(self, name: str, problem: str, place: str = "") -> None:
        """
        Args:
            problem: what follows the name.
            place: what precedes it.
        """
        super().__init__(f"{place}{name}{problem}")
        self.name, self.problem = name, problem


class WandbNotInstalled(UserError):
    """W&B was asked for, and its package is missing."""

    def __init__(self) -> None:
        super().__init__("wandb not installed. Install with: pip install wandb")


def is_metric(name: str) -> bool:
    """Whether a column of result.json is a metric, and so belongs in W&B and TensorBoard."""
    return name not in OTHER_COLUMNS and not name.startswith("config/")


def dataset_metric(name: str, dataset: str) -> str:
    """What a validation metric is called for one dataset of several: Val/Accuracy_Mean -> Val/okvqa/Accuracy_Mean."""
    return f"Val/{dataset}/{name.removeprefix('Val/')}"


def trial_folder_name(number: int) -> str:
    return f"trial_{number:05d}"


def trial_number(folder_name: str) -> int | None:
    """The trial's number, counted from 0, or None when the folder is no trial's."""
    match = _TRIAL_FOLDER.fullmatch(folder_name)
    return int(match[1]) if match else None


def checkpoint_folder_name(epoch: int) -> str:
    return f"checkpoint_{epoch:06d}"


def checkpoints(folder: Path) -> dict[int, Path]:
    """The checkpoints that lie in a trial's folder, by their epochs, oldest first; none where there is no folder."""
    entries = folder.iterdir() if folder.is_dir() else ()
    named = ((_CHECKPOINT_FOLDER.fullmatch(entry.name), entry) for entry in entries)
    return dict(sorted((int(match[1]), entry) for match, entry in named if match))


def shown_path(path: Path, seen_from: Path | None = None) -> str:
    """Relative to a folder, by default where the user stands, when it lies below."""
    relative = os.path.relpath(path, seen_from)
    return str(path) if relative.startswith("..") else relative
