"""The three stages of the training: the vision tower, four text blocks, and all of them at every depth.

A step has two halves, which two threads work out side by side: on two cores that is faster than two threads for every
product, and the numbers are the same on one. What a step draws comes from (stage, step, half), so a training that was
interrupted goes on as if it had not been.
"""

import math
import os
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from asking import NOT_JUDGED
from editions import TOP_K, Edition
from lessons import IMAGES_OF_VISION, draw_images, draw_lesson, pick
from losses import ExpertBalance, patch_loss
from mosaics import TIERS, Pool
from network import HIDDEN, answer_logits, build, grow, see, set_top_k
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import LlavaForConditionalGeneration

from trainable.seeds import seed_of

HIGHEST_LR = {"vision": 2e-3, "four": 1e-3, "sixteen": 1e-3}
"""By stage, the step size of AdamW. With twice as much the four blocks stay where they name any of the digits."""
LAST_SHARE, WARM_UP = 0.02, 40
"""What is left of it at the end of a stage's cosine, and the steps in which it rises."""
MOST_GRADIENT = 1.0
SMOOTHING, BALANCE, PATCHES = 0.02, 0.01, 0.2
"""Of labels; the weights of the losses beside the answers'."""
TIERS_OF_VISION, TIERS_OF_FOUR = (0.35, 0.3, 0.35), (0.45, 0.3, 0.25)
TOP_K_OF_FOUR = (0.3, 0.1, 0.1, 0.5)
HALVES = 2
REPORTED, KEPT = 100, 200
"""Steps between two lines, and between two checkpoints."""


@dataclass(frozen=True)
class Knobs:
    """As they are turned for a step, whose questions are of each kind as its weight says."""

    tier: str
    top_k: int
    blocks: list[int]
    kinds: list[float]


class Training:
    """An edition's model while it is taught.

    Args:
        kept: a file that holds how far the training has come; another training goes on from there.
    """

    def __init__(self, edition: Edition, pool: Pool, kept: Path) -> None:
        self.edition, self.pool, self.kept = edition, pool, kept
        torch.manual_seed(0)
        self.model = build(edition, min(edition.added))
        self.head = nn.Linear(HIDDEN, 11)
        self.right: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=60))

    def run(self) -> LlavaForConditionalGeneration:
        """Teach what is left to be taught."""
        steps = self.edition.steps
        tower = [self.model.model.vision_tower, self.model.model.multi_modal_projector]
        self._teach("vision", steps.vision, tower, self._knobs_of_vision, self._look)
        self.balance = ExpertBalance(self.model)
        self._teach("four", steps.four, [self.model], self._knobs_of_four, self._ask)
        self.model = grow(self.edition, self.model)
        self.balance = ExpertBalance(self.model)
        self._teach("sixteen", steps.sixteen, [self.model], self._knobs_of_all, self._ask)
        return self.model

    def _teach(
        self,
        stage: str,
        steps: int,
        trained: list[nn.Module],
        draw_knobs: Callable[[torch.Generator], Knobs],
        loss_of: Callable[[Knobs, torch.Generator], Tensor],
    ) -> None:
        parameters = [parameter for part in [*trained, self.head] for parameter in part.parameters()]
        optimizer = torch.optim.AdamW(parameters, betas=(0.9, 0.98), weight_decay=0.01)

        def half(knobs: Knobs, seed: int) -> tuple[float, tuple[Tensor | None, ...]]:
            loss = loss_of(knobs, torch.Generator().manual_seed(seed))
            return loss.item(), torch.autograd.grad(loss, parameters, allow_unused=True)

        with ThreadPoolExecutor(HALVES) as threads:
            for step in range(self._restored(stage, steps, optimizer), steps):
                knobs = draw_knobs(torch.Generator().manual_seed(seed_of(0, stage, step)))
                set_top_k(self.model, knobs.top_k)
                seeds = [seed_of(0, stage, step, number) for number in range(HALVES)]
                losses, gradients = zip(*threads.map(half, [knobs] * HALVES, seeds), strict=True)
                for parameter, parts in zip(parameters, zip(*gradients, strict=True), strict=True):
                    parameter.grad = None if parts[0] is None else torch.stack(parts).mean(0)
                nn.utils.clip_grad_norm_(parameters, MOST_GRADIENT)
                for group in optimizer.param_groups:
                    group["lr"] = HIGHEST_LR[stage] * share_of_lr(step, steps)
                optimizer.step()
                if (step + 1) % REPORTED == 0:
                    self._report(stage, step + 1, steps, sum(losses) / HALVES)
                if (step + 1) % KEPT == 0 or step + 1 == steps:
                    self._keep(stage, step + 1, optimizer)

    def _knobs_of_vision(self, g: torch.Generator) -> Knobs:
        return Knobs(str(pick(TIERS, TIERS_OF_VISION, g)), max(TOP_K), [], [])

    def _knobs_of_four(self, g: torch.Generator) -> Knobs:
        """Only the first kind of question."""
        kinds = [1.0] + [0.0] * (len(self.edition.kinds) - 1)
        tier, top_k = pick(TIERS, TIERS_OF_FOUR, g), pick(TOP_K, TOP_K_OF_FOUR, g)
        return Knobs(str(tier), top_k, list(range(min(self.edition.added))), kinds)

    def _knobs_of_all(self, g: torch.Generator) -> Knobs:
        lessons = self.edition.lessons
        tier, top_k = str(pick(TIERS, lessons.tiers, g)), pick(TOP_K, lessons.top_k, g)
        depth = pick(self.edition.added, lessons.depths, g)
        kinds = [a * b for a, b in zip(lessons.by_depth[depth], lessons.by_top_k[top_k], strict=True)]
        return Knobs(tier, top_k, self.edition.blocks[depth], kinds)

    def _look(self, knobs: Knobs, g: torch.Generator) -> Tensor:
        """The loss of half a step of the vision tower."""
        count = IMAGES_OF_VISION[knobs.tier]
        images, mosaics = draw_images(self.edition, self.pool, knobs.tier, count, g)
        loss, named = patch_loss(self.head, see(self.model, images), mosaics)
        self.right[f"patches@{knobs.tier}"].append(named)
        return loss

    def _ask(self, knobs: Knobs, g: torch.Generator) -> Tensor:
        """The loss of half a step with questions."""
        lesson = draw_lesson(self.edition, self.pool, knobs.tier, knobs.kinds, g)
        seen = see(self.model, lesson.images)
        logits = answer_logits(self.model, seen, lesson.asked.tokens, knobs.blocks)
        labels = lesson.asked.labels
        answers = cross_entropy(
            logits.flatten(0, 2), labels.flatten(), ignore_index=NOT_JUDGED, label_smoothing=SMOOTHING
        )
        is_right = ((logits.argmax(-1) == labels) | (labels == NOT_JUDGED)).all(-1)  # [B, Q]
        for number, kind in enumerate(self.edition.kinds):
            of_kind = lesson.asked.kind == number
            if of_kind.any():
                what = f"{kind.name}@{knobs.tier}/{len(knobs.blocks)}"
                self.right[what].append(is_right[of_kind].float().mean().item())
        patches, _ = patch_loss(self.head, seen, lesson.mosaics)
        return answers + BALANCE * self.balance.take() + PATCHES * patches

    def _report(self, stage: str, step: int, steps: int, loss: float) -> None:
        recent = " ".join(f"{what} {sum(last) / len(last):.2f}" for what, last in sorted(self.right.items()))
        print(f"{stage} {step} of {steps}: loss {loss:.3f}; right of late: {recent}", flush=True)

    def _keep(self, stage: str, step: int, optimizer: torch.optim.Optimizer) -> None:
        unfinished = self.kept.with_suffix(".part")
        states = {"model": self.model.state_dict(), "head": self.head.state_dict(), "optimizer": optimizer.state_dict()}
        torch.save({"stage": stage, "step": step, **states}, unfinished)
        os.replace(unfinished, self.kept)

    def _restored(self, stage: str, steps: int, optimizer: torch.optim.Optimizer) -> int:
        """The first step that is still to be done."""
        if not self.kept.exists():
            return 0
        state = torch.load(self.kept, weights_only=True)
        if state["stage"] != stage:
            stages = list(HIGHEST_LR)
            return steps if stages.index(stage) < stages.index(state["stage"]) else 0
        self.model.load_state_dict(state["model"])
        self.head.load_state_dict(state["head"])
        optimizer.load_state_dict(state["optimizer"])
        return int(state["step"])


def share_of_lr(step: int, steps: int) -> float:
    """Of a stage's step size: a linear rise, and a cosine down over the stage."""
    cosine = 0.5 * (1 + math.cos(math.pi * step / steps))
    return min(1, (step + 1) / WARM_UP) * (LAST_SHARE + (1 - LAST_SHARE) * cosine)
