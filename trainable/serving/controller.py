"""The model that adapts itself to a budget: what a server calls, one method a request."""

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from trainable.block_importance.files import read_importance
from trainable.contract import UserError
from trainable.exported_policy import ExportedPolicy
from trainable.profiles.hashed_ngrams import HASHED_NGRAMS
from trainable.serving.serving_file import ServingFacts, read_facts
from trainable.vision_language_model.answer import Answer
from trainable.vision_language_model.loading import load_model
from trainable.vision_language_model.model import VisionLanguageModel

WARM_UP_SIZE = (336, 336)
"""Of an image, in pixels."""


@dataclass(frozen=True)
class RequestFeatures:
    """What a policy reads of a request, before the model runs."""

    language: np.ndarray | str
    """Of the question, [d]; the question itself where the policy hashes it."""
    vision: np.ndarray | None
    """Of the image, [d']; None where the policy does not see it."""
    seen: Any
    """What the model's vision stage gave for that, which need not run again where the same tier is chosen."""


@dataclass(frozen=True)
class Served:
    """One request's answer, how it was got, and what that took."""

    answer: Answer
    configuration: dict[str, str | int]
    """Each knob's value."""
    features_ms: float
    """Of what the policy reads: of the question and, where it sees it, the image."""
    decision_ms: float
    """Of the choice, and of turning the knobs."""
    reading_ms: float
    """Of preparing image and question for the model at that tier; no part of the latency, in no profile either."""

    @property
    def overhead_ms(self) -> float:
        """What the policy costs."""
        return self.features_ms + self.decision_ms

    @property
    def latency_ms(self) -> float:
        """What the request took: the policy's part and the model's."""
        return self.overhead_ms + self.answer.total_ms


class AdaptiveModel:
    """A vision-language model whose knobs a policy turns for each request; `load` makes one.

    Requests from several threads are answered one after the other; the wait is in nobody's latency.
    """

    def __init__(self, policy: ExportedPolicy, model: VisionLanguageModel, facts: ServingFacts) -> None:
        """Raises UserError where the policy was not trained for such a model."""
        _require_matching(policy, model, facts)
        self.policy, self.model, self.facts = policy, model, facts
        self._one_at_a_time = threading.Lock()

    @classmethod
    def load(
        cls,
        policy: str | Path,
        model_path: str,
        device: str = "cpu",
        *,
        importance: str | Path | None = None,
        trust_remote_code: bool = False,
        dtype: str = "auto",
    ) -> "AdaptiveModel":
        """A policy's folder and a model's, together on a device.

        What `deploy.py` wrote runs as it was judged there: with its number of CPU threads, which is set for the whole
        process, and its promises for this machine. What `export.py` wrote needs the file with the blocks' importance.
        A request of no meaning is answered first, since the first one takes longer.

        Raises:
            UserError: one of the two cannot be loaded, or they do not belong together.
        """
        folder = Path(policy)
        exported = ExportedPolicy.load(folder)
        model = load_model_for(exported, model_path, device, trust_remote_code=trust_remote_code, dtype=dtype)
        facts = read_facts(folder)
        if facts is None:
            if importance is None:
                raise UserError(
                    f"{folder}: it does not say in which order blocks are dropped; write it with trainable/deploy.py, "
                    "or give a file with their importance"
                )
            drop_order = read_importance(Path(importance), model.num_blocks, model.fixed_blocks)
            facts = ServingFacts(drop_order, model.max_new_tokens, num_threads=None)
        if facts.num_threads is not None:
            import torch

            torch.set_num_threads(facts.num_threads)
        adaptive = cls(exported, model, facts)
        adaptive.answer(Image.new("RGB", WARM_UP_SIZE), "?", budget_ms=exported.config["budget_range_ms"][1])
        return adaptive

    def answer(self, image: Image.Image, question: str, budget_ms: float) -> Served:
        """Answer one question about one image within a latency budget, as far as the policy can.

        Raises:
            ValueError: the budget is no positive number.
        """
        if not budget_ms > 0:
            raise ValueError(f"budget_ms is {budget_ms}: it must be a number of ms above 0")
        with self._one_at_a_time:
            began = time.perf_counter()
            features = self.features(image, question)
            looked = time.perf_counter()
            asked_ms = self.facts.asked_ms(budget_ms)
            configuration = self.policy.choose(features.language, features.vision, asked_ms)
            self.model.turn(configuration, self.facts.drop_order)
            turned = time.perf_counter()
            inputs = self.model.read(image, question)
            read = time.perf_counter()
            seen = features.seen if configuration["tier"] == self.model.tier_of_features else None
            answer = self.model.answer(inputs, self.facts.max_new_tokens, seen)
        return Served(
            answer,
            configuration,
            features_ms=1e3 * (looked - began),
            decision_ms=1e3 * (turned - looked),
            reading_ms=1e3 * (read - turned),
        )

    def features(self, image: Image.Image, question: str) -> RequestFeatures:
        """What the policy reads of a request."""
        is_hashed = self.policy.config["language_features"] == HASHED_NGRAMS
        language = question if is_hashed else self.model.language_features(question)
        if not self.policy.config["vision_size"]:
            return RequestFeatures(language, None, None)
        seen = self.model.see(image)
        return RequestFeatures(language, self.model.mean_feature(seen), seen)


def usage(folder: Path, model_path: str, budget_ms: float) -> str:
    """Three lines of Python that serve a policy that was deployed into a folder."""
    return (
        "from trainable.serving.controller import AdaptiveModel\n"
        f"model = AdaptiveModel.load({str(folder)!r}, {model_path!r})\n"
        f"served = model.answer(image, question, budget_ms={budget_ms:.3g})"
    )


def load_model_for(
    policy: ExportedPolicy, model_path: str, device: str, *, trust_remote_code: bool, dtype: str
) -> VisionLanguageModel:
    """A model whose knobs can have the values that a policy chooses from.

    Raises:
        UserError: there is no such model, or it cannot be turned so.
    """
    knobs = policy.config["knobs"]
    return load_model(
        model_path,
        device,
        trust_remote_code=trust_remote_code,
        dtype=dtype,
        tiers=knobs.get("tier"),
        top_k=knobs.get("top_k"),
        num_active_blocks=knobs.get("num_active_blocks"),
    )


def _require_matching(policy: ExportedPolicy, model: VisionLanguageModel, facts: ServingFacts) -> None:
    config = policy.config
    for name, values in config["knobs"].items():
        of_model = dict(zip(model.grid.names, model.grid.values, strict=True)).get(name, ())
        if missing := [value for value in values if value not in of_model]:
            raise UserError(
                f"{model.path}: the policy was trained to choose {name} {missing[0]}, which this model does not have; "
                "give the model that was profiled"
            )
    if absent := [name for name in model.grid.names if name not in config["knobs"]]:
        raise UserError(
            f"{model.path}: this model has a knob {absent[0]}, which the policy was not trained to turn; give the "
            "model that was profiled"
        )
    if config["language_features"] != HASHED_NGRAMS:
        size = len(model.language_features("?"))
        if size != config["language_size"]:
            raise UserError(
                f"{model.path}: the policy reads {config['language_size']} language features "
                f"({config['language_features']}), this model gives {size}; give the model that was profiled"
            )
    for count in config["knobs"].get("num_active_blocks", ()):
        try:
            model.active_blocks(count, facts.drop_order)
        except ValueError as error:
            raise UserError(
                f"{model.path}: the blocks' order {facts.drop_order} does not serve it ({error}); give the importance "
                "that was measured on this model"
            ) from None
