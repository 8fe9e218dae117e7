"""Confirming: the best settings of a search and its starting values, each under seeds that the search never saw.

A search shares one seed and takes the best of many, so the winner's score is partly luck. All trials are planned
before the first one runs: nothing is proposed and nothing is stopped early.
"""

from collections.abc import Iterable
from typing import Any

from results.record.sweeps import SweepRecord
from trainable import contract
from trainable.contract import UserError
from tune.searching.replication import finalists


def confirming_trials(search: SweepRecord, top: int, seeds: Iterable[int]) -> list[dict[str, Any]]:
    """Hyperparameters of every trial: the starting values and the best `top` settings beside them, best first.

    They come seed after seed, so that an interrupted sweep has all settings equally often.

    Raises:
        UserError: the sweep is no search, or none of its trials has a score.
    """
    if search.job_type == "confirm":
        raise UserError(
            f"--confirm {search.name}: it confirms {search.settings['confirm']} itself; give that sweep, and other "
            "seeds with --seed"
        )
    has_scores = any(search.score(trial) is not None for trial in search.search_trials)
    if has_scores and search.first_trial is None:
        raise UserError(
            f"--confirm {search.name}: its trial 0 is missing, and with it the starting values by which a gain is "
            "measured; confirm another sweep"
        )
    if not has_scores:
        raise UserError(f"--confirm {search.name}: none of its trials has a score yet; let it run first")
    return [{**setting, contract.SEED: seed} for seed in seeds for setting in finalists(search, top)]
