"""The policy's loss: clipped policy gradient, entropy bonus, and the divergence from a reference policy.

Letters: `B` batch, `G` group, `C` configurations.
"""

import torch
from torch import Tensor


def policy_gradient_loss(
    log_probabilities: Tensor, old_log_probabilities: Tensor, advantages: Tensor, clip_epsilon: float
) -> Tensor:
    """PPO's clipped surrogate (Schulman et al. 2017, equation 7), averaged over batch and group.

    In the first update of a batch the two log-probabilities are equal: the ratio is 1, nothing is clipped, and the
    gradient is that of `-(advantages * log_probabilities).mean()`.

    Args:
        log_probabilities: of the sampled configurations under the policy being trained, [B, G].
        old_log_probabilities: of the same under the policy that sampled them, without gradient, [B, G].
        advantages: [B, G].
        clip_epsilon: how far the ratio may leave 1 before it earns no more.
    """
    ratio = (log_probabilities - old_log_probabilities).exp()  # [B, G]
    clipped = ratio.clamp(1.0 - clip_epsilon, 1.0 + clip_epsilon)  # [B, G]
    return -torch.minimum(ratio * advantages, clipped * advantages).mean()


def entropy(log_probabilities: Tensor) -> Tensor:
    """Entropy (nats) of each distribution, [B]; log-probabilities of all configurations, -inf for never, [B, C]."""
    least = torch.finfo(log_probabilities.dtype).min
    return -(log_probabilities.exp() * log_probabilities.clamp(min=least)).sum(dim=1)


def kl_divergence(log_probabilities: Tensor, reference: Tensor) -> Tensor:
    """Exact KL(policy || reference) (nats) of each distribution, [B]; both [B, C], -inf at the same indices."""
    difference = (log_probabilities - reference).nan_to_num(nan=0.0)  # -inf - -inf where one is never chosen
    return (log_probabilities.exp() * difference).sum(dim=1)
