"""The distribution over configurations: the product of one categorical per knob, restricted to what was measured.

It is written out over the whole grid (C is some tens), so that sampling, log-probability, entropy and argmax are those
of one categorical. Where every configuration is allowed, it is the plain product of the heads.
"""

import torch
from torch import Tensor


def joint_log_probabilities(head_logits: list[Tensor], allowed: Tensor) -> Tensor:
    """Log-probability of every configuration, [B, C].

    Args:
        head_logits: one tensor per knob, [B, n_k]; the last knob varies fastest in the grid.
        allowed: bool [B, C]; a configuration that is not allowed gets -inf, the rest are renormalised.
    """
    log_probabilities = head_logits[0].log_softmax(dim=1)  # [B, n_1]
    for logits in head_logits[1:]:
        of_knob = logits.log_softmax(dim=1)  # [B, n_k]
        log_probabilities = (log_probabilities.unsqueeze(2) + of_knob.unsqueeze(1)).flatten(1)  # [B, n_1 * ... * n_k]
    restricted = log_probabilities.masked_fill(~allowed, -torch.inf)
    return restricted - restricted.logsumexp(dim=1, keepdim=True)


def sample_groups(log_probabilities: Tensor, group_size: int, generator: torch.Generator) -> Tensor:
    """`group_size` configurations drawn independently for each state, int64 [B, G].

    By the Gumbel-max trick: `torch.multinomial` has no deterministic kernel on CUDA.
    """
    batch_size, num_configurations = log_probabilities.shape
    waiting = log_probabilities.new_empty(batch_size, group_size, num_configurations)
    waiting.exponential_(generator=generator)  # [B, G, C]
    return (log_probabilities.unsqueeze(1) - waiting.log()).argmax(dim=2)
