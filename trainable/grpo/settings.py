"""The settings of one GRPO run of the joint controller: flags, hyperparameters and their limits, in one place."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from trainable.contract import PROJECT, SettingError
from trainable.settings_fields import Role, require, setting, single_fields
from trainable.user_paths import PathTo, is_local_model

SHIPPED_PROFILE = PROJECT / "results" / "profiles" / "digit_vqa"
STORES = PROJECT / "results" / "stores"
REPLAY, LIVE = ENVIRONMENTS = ("replay", "live")
MEASURED, OF_PROFILE = LATENCY_SOURCES = ("measured", "profile")
DEFAULT_RECIPE, ORIGINAL_RECIPE = RECIPE_NAMES = ("default", "original")
SEARCHED = (Role.TRAINING, Role.HYPERPARAMETER)
THE_RUNNING_MODEL = "the running model, with --environment live"
_live = partial(setting, roles=[Role.DATA], group=THE_RUNNING_MODEL)


def is_local_dataset(dataset: str) -> bool:
    """Whether it is a path; else a name that Hugging Face's `datasets` knows."""
    return dataset.startswith((".", "/", "~")) or dataset.endswith(".jsonl") or Path(dataset).exists()


@dataclass(frozen=True)
class GRPOSettings:
    """Everything that decides a run but its seed and its device.

    Raises:
        UserError: a value out of its range, named with its limit.
    """

    results_dir: str | None = setting(
        None,
        "profile: a folder per dataset, a file per configuration (default: the shipped digit_vqa)",
        roles=[Role.DATA],
        path_to=PathTo.FOLDER,
    )
    dataset_names: tuple[str, ...] = setting(
        (), "datasets of the profile to train on (default: all)", roles=[Role.DATA]
    )
    model_path: str | None = setting(
        None,
        "checkpoint whose tokenizer and word embeddings give the language features; with --environment live the "
        "vision-language model",
        roles=[Role.DATA],
        metavar="PATH",
        path_to=PathTo.FOLDER,
        is_path=is_local_model,
    )
    trust_remote_code: bool = setting(False, "let that checkpoint's own Python code run")
    environment: str = setting(
        REPLAY,
        "what executes configurations: replay looks them up in the profile; live runs the model, once a cell",
        roles=[Role.DATA],
        choices=ENVIRONMENTS,
    )
    dataset: str | None = _live(
        None,
        "images, questions and answers: a folder, a .jsonl file or a name for `datasets`",
        path_to=PathTo.FILE_OR_FOLDER,
        is_path=is_local_dataset,
    )
    store: str | None = _live(
        None,
        "folder of what has been measured (default: results/stores/<model>-<dataset>)",
        path_to=PathTo.NEW_FOLDER,
    )
    max_samples: int | None = _live(None, "at most so many questions, of whole images (default: all)")
    reference_samples: int | None = _live(
        None, "training samples that are measured before the first trial, for the budgets (default: 16)"
    )
    configurations: str | None = _live(
        None, "JSON file of the configurations that may be chosen (default: all)", path_to=PathTo.FILE, metavar="FILE"
    )
    answer_metric: str | None = _live(None, "how right an answer is (default: the dataset's own, else exact_match)")
    max_new_tokens: int | None = _live(None, "longest answer, in tokens (default: the checkpoint's own)")
    latency_source: str = _live(
        MEASURED, "profile: latency from --results_dir, where the device is shared", choices=LATENCY_SOURCES
    )
    accept_other_store: bool = _live(False, "go on with a store of another model, data or machine")
    batch_size: int = setting(16, "samples per optimiser step")
    recipe: str = setting(DEFAULT_RECIPE, "reward terms and advantage normalisation", choices=RECIPE_NAMES)
    latency_budget_min: float | None = setting(
        None, "least budget drawn in training (default: the profile's 5th latency percentile)", metavar="MS"
    )
    latency_budget_max: float | None = setting(
        None, "largest budget drawn in training (default: the profile's 95th latency percentile)", metavar="MS"
    )
    updates_per_batch: int = setting(1, "optimiser steps per sampled batch; above 1 the ratio is clipped")
    clip_epsilon: float = setting(0.2, "how far the clipped ratio may leave 1")
    kl_coefficient: float = setting(0.0, "weight of the divergence from the policy's start")
    entropy_coefficient: float = setting(0.03, "weight of the entropy bonus")
    max_grad_norm: float = setting(1.0, "gradient clipping")
    weight_decay: float = setting(0.1, "AdamW's weight decay")
    dropout: float = setting(0.1, "share of features and hidden units dropped in training")
    hidden_size: int = setting(64, "width of the policy")
    num_layers: int = setting(2, "hidden layers of the policy")
    lr: float = setting(1e-4, "AdamW's learning rate", roles=SEARCHED)
    group_size: int = setting(5, "configurations drawn per sample and budget", roles=SEARCHED)
    budget_penalty: float = setting(10.0, "weight of a missed budget in the reward", roles=SEARCHED)

    @property
    def profile(self) -> Path:
        """Where it lies: what is replayed, or the store of what is measured."""
        if self.environment == REPLAY:
            return Path(self.results_dir or SHIPPED_PROFILE)
        return Path(self.store or STORES / f"{_last_name(self.model_path)}-{_last_name(self.dataset)}")

    def __post_init__(self) -> None:
        for name in ("batch_size", "updates_per_batch", "hidden_size", "num_layers"):
            require(self, name, getattr(self, name) >= 1, "at least 1")
        require(self, "group_size", self.group_size >= 2, "at least 2: a group of one has no advantage over itself")
        for name in ("lr", "clip_epsilon", "max_grad_norm"):
            require(self, name, 0 < getattr(self, name) < float("inf"), "above 0")
        for name in ("budget_penalty", "kl_coefficient", "entropy_coefficient", "weight_decay"):
            require(self, name, 0 <= getattr(self, name) < float("inf"), "0 or more")
        require(self, "dropout", 0 <= self.dropout < 1, "at least 0 and below 1")
        require(self, "recipe", self.recipe in RECIPE_NAMES, f"one of {', '.join(RECIPE_NAMES)}")
        for name in ("latency_budget_min", "latency_budget_max"):
            value = getattr(self, name)
            require(self, name, value is None or 0 < value < float("inf"), "above 0 ms")
        if self.latency_budget_min is not None and self.latency_budget_max is not None:
            require(
                self,
                "latency_budget_min",
                self.latency_budget_min <= self.latency_budget_max,
                f"at most latency_budget_max ({self.latency_budget_max:g} ms)",
            )
        require(self, "environment", self.environment in ENVIRONMENTS, f"one of {', '.join(ENVIRONMENTS)}")
        require(self, "latency_source", self.latency_source in LATENCY_SOURCES, f"one of {', '.join(LATENCY_SOURCES)}")
        for name, least in (("max_samples", 2), ("reference_samples", 1), ("max_new_tokens", 1)):
            value = getattr(self, name)
            require(self, name, value is None or value >= least, f"at least {least}")
        if self.environment == LIVE:
            self._require_sensible_live()
            return
        for name, field in single_fields(GRPOSettings).items():
            if field.group == THE_RUNNING_MODEL and getattr(self, name) != field.default:
                raise SettingError(name, " is of a running model; add --environment live, or leave it out")

    def _require_sensible_live(self) -> None:
        for name, what in (("model_path", "the model lies"), ("dataset", "its images and questions lie")):
            if not getattr(self, name):
                raise SettingError(name, f" is not given; with --environment live, --{name} says where {what}")
        if self.dataset_names:
            raise SettingError("dataset_names", " is of a profile; with --environment live there is --dataset alone")
        if self.latency_source == OF_PROFILE and not self.results_dir:
            raise SettingError("latency_source", " is profile; say with --results_dir which")
        if self.results_dir and self.latency_source != OF_PROFILE:
            raise SettingError(
                "results_dir",
                " is a profile, and a running model is measured; leave it out, or add --latency_source profile",
            )


def _last_name(path: str | None) -> str:
    """What a model or a dataset is called, as part of a folder's name."""
    return Path(path or "").name.removesuffix(".jsonl").replace(":", "-")
