"""Group-relative advantages: what a configuration earned beyond its group's mean.

GRPO, Shao et al. 2024 (arXiv 2402.03300), section 4.1; without the division by the standard deviation it is the
estimator of Dr. GRPO, Liu et al. 2025 (arXiv 2503.20783), section 3.
"""

from torch import Tensor

STD_FLOOR = 1e-8


def group_advantages(rewards: Tensor, divide_by_std: bool) -> Tensor:
    """Rewards centred within each group and, if asked, divided by the group's standard deviation.

    Args:
        rewards: [B, G], G at least 2.
        divide_by_std: a group of equal rewards gives advantages of 0 either way.

    Returns:
        [B, G], each row with mean 0.
    """
    centred = rewards - rewards.mean(dim=1, keepdim=True)  # [B, G]
    # The mean of equal numbers can be a rounding error off, which a standard deviation as small would blow up.
    centred = centred.masked_fill(zero_variance_groups(rewards).unsqueeze(1), 0.0)
    if not divide_by_std:
        return centred
    return centred / (rewards.std(dim=1, keepdim=True) + STD_FLOOR)


def zero_variance_groups(rewards: Tensor) -> Tensor:
    """Which groups teach nothing, since all of their rewards are equal, bool [B]."""
    return rewards.amax(dim=1) == rewards.amin(dim=1)
