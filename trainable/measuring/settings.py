"""What is measured, of which model, on what and how: the flags of profile_model.py, which a live run gives too."""

from dataclasses import MISSING, dataclass

from trainable.settings_fields import require, setting
from trainable.user_paths import PathTo

CPU, GPU, ANY_DEVICE = "cpu", "cuda", "auto"
DTYPES = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class MeasuringSettings:
    """Everything that decides what a store holds, and where it lies.

    Raises:
        UserError: a value out of its range, named with its limit.
    """

    model_path: str = setting(
        MISSING, "vision-language model: a folder that transformers has saved", path_to=PathTo.FOLDER, metavar="FOLDER"
    )
    dataset: str = setting(
        MISSING, "images, questions and answers: a folder with metadata.jsonl, a .jsonl file, or a name for `datasets`"
    )
    output: str = setting(MISSING, "where the profile lies", path_to=PathTo.NEW_FOLDER, metavar="FOLDER")
    answer_metric: str | None = setting(
        None, "how right an answer is: exact_match, vqa_score, anls, multiple_choice (default: the dataset's own)"
    )
    max_samples: int | None = setting(
        None, "at most so many questions, of whole images, each split with its share (default: all)"
    )
    configurations: str | None = setting(
        None, "JSON file: a list of configurations, or an object of each knob's values", path_to=PathTo.FILE
    )
    max_configurations: int | None = setting(
        None, "at most so many configurations, spread over the grid (default: all)"
    )
    num_runs_per_sample: int = setting(1, "times that each cell is measured; the medians count")
    reference_samples: int = setting(
        16, "training samples that are measured first, under every configuration; the budgets come from them"
    )
    importance: str | None = setting(
        None,
        "JSON file: in which order blocks are left out (default: the importance.json of output or model, else found)",
        path_to=PathTo.FILE,
    )
    importance_samples: int = setting(64, "training samples that the blocks' importance is found on")
    max_new_tokens: int | None = setting(None, "longest answer, in tokens (default: the checkpoint's own)")
    num_threads: int = setting(1, "of the CPU, to measure with")
    device: str = setting(ANY_DEVICE, "cpu, cuda or cuda:N; auto is a GPU where there is one")
    dtype: str = setting("auto", "of the model's numbers; auto is the checkpoint's", choices=DTYPES)
    trust_remote_code: bool = setting(False, "let the checkpoint's own Python code run")
    latency_profile: str | None = setting(
        None,
        "a profile that latencies are taken from instead of measured, where the device is shared",
        path_to=PathTo.FOLDER,
    )
    accept_other_store: bool = setting(
        False, "go on with a store of another model, data, machine or knobs, whose numbers then stand side by side"
    )

    def __post_init__(self) -> None:
        for name in ("num_runs_per_sample", "reference_samples", "importance_samples", "num_threads"):
            require(self, name, getattr(self, name) >= 1, "at least 1")
        for name, least in (("max_samples", 2), ("max_configurations", 2), ("max_new_tokens", 1)):
            value = getattr(self, name)
            require(self, name, value is None or value >= least, f"at least {least}")
        require(
            self, "device", self.device in (CPU, ANY_DEVICE) or self.device.startswith(GPU), "cpu, cuda, cuda:N or auto"
        )
