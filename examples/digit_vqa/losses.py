"""What the training minimises, beside the answers' cross-entropy: patches named, experts evenly used."""

import threading

import torch
from mosaics import Mosaics
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from transformers import LlavaForConditionalGeneration

NO_DIGIT = 10
WEIGHTS = torch.tensor([1.0] * 10 + [0.1])
"""Of a patch by what it shows: most show no digit."""


def patch_labels(mosaics: Mosaics, patches: int) -> Tensor:
    """[B, V]: the digit that the middle of each patch lies on, NO_DIGIT where on none; V patches in reading order."""
    rows = int(patches**0.5)
    middle = (torch.arange(rows) + 0.5) / rows
    at = torch.stack([middle.repeat(rows), middle.repeat_interleave(rows)], -1)  # [V, 2]
    reach = (mosaics.sides / 2).clamp(min=0.5 / rows)  # a digit smaller than a patch still lies on one
    away = (at[:, None] - mosaics.middles[:, None]).abs()  # [B, V, D, 2]
    on = (away <= reach[:, None, :, None]).all(-1)  # [B, V, D]
    return torch.where(on.any(-1), torch.gather(mosaics.digits, 1, on.int().argmax(-1)), NO_DIGIT)


def patch_loss(head: nn.Linear, seen: Tensor, mosaics: Mosaics) -> tuple[Tensor, float]:
    """Every patch on a digit is to name it. Seen [B, V, H] -> the loss, and the share of those patches that do."""
    logits, labels = head(seen), patch_labels(mosaics, seen.shape[1])
    loss = cross_entropy(logits.flatten(0, 1), labels.flatten(), WEIGHTS)
    shows = labels != NO_DIGIT
    return loss, (logits.argmax(-1) == labels)[shows].float().mean().item()


class ExpertBalance:
    """The load-balancing loss of the Switch Transformer (arXiv 2101.03961, equation 4), of all routers that ran.

    Experts times the sum over them of the share of tokens sent x the mean probability: 1 where all are used evenly.
    Threads that run the model at the same time each have their own.
    """

    def __init__(self, model: LlavaForConditionalGeneration) -> None:
        self.here = threading.local()
        for block in model.model.language_model.layers:
            block.mlp.gate.register_forward_hook(self._follow)

    def _follow(self, gate: nn.Module, given: object, out: tuple[Tensor, Tensor, Tensor]) -> None:
        if torch.is_grad_enabled():
            losses = self.here.__dict__.setdefault("losses", [])
            probability, chosen = out[0].softmax(-1), out[2]
            experts = probability.shape[1]
            sent = torch.bincount(chosen.flatten(), minlength=experts) / chosen.numel()
            losses.append(experts * (sent * probability.mean(0)).sum())

    def take(self) -> Tensor:
        """Their mean since the last time."""
        loss = torch.stack(self.here.losses).mean()
        self.here.losses.clear()
        return loss
