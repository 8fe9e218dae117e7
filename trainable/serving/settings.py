"""What a controller is deployed with, and how it is judged: the flags of deploy.py."""

from dataclasses import MISSING, dataclass

from trainable.profiles.image_split import SPLIT_NAMES, TEST
from trainable.serving.budgets import Budget, read_budget
from trainable.settings_fields import require, setting
from trainable.user_paths import PathTo


@dataclass(frozen=True)
class DeploymentSettings:
    """All but the checkpoint.

    Raises:
        UserError: a value out of its range, named with its limit.
    """

    model_path: str = setting(
        MISSING, "vision-language model that was profiled: a folder", path_to=PathTo.FOLDER, metavar="FOLDER"
    )
    dataset: str = setting(
        MISSING, "images, questions and answers: a folder with metadata.jsonl, a .jsonl file, or a name for `datasets`"
    )
    split: str = setting(SPLIT_NAMES[TEST], "samples to judge it on", choices=SPLIT_NAMES)
    budgets: tuple[str, ...] = setting(
        ("0.35", "0.5", "0.7", "0.85", "1"),
        "latency budgets: up to 1 a share of the full model's latency, above it ms (0.5, 50%, 12, 0.9ms)",
    )
    calibrate: int | None = setting(
        None, "carry the profile's latencies over to this machine by measuring so many training samples here"
    )
    results_dir: str | None = setting(
        None, "profile that promises are taken from (default: the one trained on)", path_to=PathTo.FOLDER
    )
    importance: str | None = setting(
        None,
        "JSON file: in which order blocks are left out (default: as profiled)",
        path_to=PathTo.FILE,
    )
    answer_metric: str | None = setting(
        None, "how right an answer is: exact_match, vqa_score, anls, multiple_choice (default: the dataset's own)"
    )
    max_samples: int | None = setting(None, "at most so many questions, of whole images (default: all of the split)")
    max_new_tokens: int | None = setting(None, "longest answer, in tokens (default: as profiled)")
    num_threads: int | None = setting(None, "of the CPU (default: as profiled, or 1)")
    output: str | None = setting(
        None,
        "folder to write the policy and its numbers into (default: exported_policy beside the checkpoint)",
        path_to=PathTo.NEW_FOLDER,
    )
    device: str = setting("auto", "cpu, cuda or cuda:N; auto is a GPU where there is one")
    dtype: str = setting("auto", "of the model's numbers, as torch names it; auto is the checkpoint's")
    trust_remote_code: bool = setting(False, "let the checkpoint's own Python code run")

    @property
    def read_budgets(self) -> tuple[Budget, ...]:
        return tuple(map(read_budget, self.budgets))

    def __post_init__(self) -> None:
        require(self, "budgets", bool(self.budgets), "at least one")
        require(self, "split", self.split in SPLIT_NAMES, f"one of {', '.join(SPLIT_NAMES)}")
        for name, least in (("calibrate", 4), ("max_samples", 1), ("max_new_tokens", 1), ("num_threads", 1)):
            value = getattr(self, name)
            require(self, name, value is None or value >= least, f"at least {least}")
        self.read_budgets  # noqa: B018  (it refuses what is none)
