"""What of a killed sweep is lost, doubled, changed, decided otherwise, or trained again: counts that add up."""

from collections import Counter
from collections.abc import Callable, Sequence

import numpy as np

from fidelity.logged_run import Curves, Hyperparameters, TrainedEpoch

LOST, DOUBLED, CHANGED = FAULTS = ("lost", "doubled", "changed")
TRAINED, REPEATED = "epochs", "epochs trained again"
PROPOSALS, OTHER_PROPOSALS = "proposals", "proposals that differ"
COMMON_TRIALS, OTHER_LENGTHS = "trials that the twin has too", "trials of another length"


def faults(
    log: Sequence[TrainedEpoch], shown: Curves, true_metric: Callable[[Hyperparameters, int], float]
) -> Counter[str]:
    """Epochs that were trained and that a view lacks; its rows beyond an epoch's first; and its rows with another
    metric than the trial's uninterrupted training has, to the seven digits that TensorBoard keeps."""
    count: Counter[str] = Counter()
    for trial, last_epoch in lengths(log).items():
        points = shown.get(trial, [])
        epochs = {epoch for epoch, _ in points}
        count[LOST] += len(set(range(1, last_epoch + 1)) - epochs)
        count[DOUBLED] += len(points) - len(epochs)
        count[CHANGED] += sum(np.float32(value) != np.float32(true_metric(trial, epoch)) for epoch, value in points)
    return count


def decisions(log: Sequence[TrainedEpoch], twin_log: Sequence[TrainedEpoch]) -> Counter[str]:
    """Proposals, in their order, and early stops that are not those of the twin that nobody interrupted."""
    ours, twins = lengths(log), lengths(twin_log)
    same = sum(ours_nth == twins_nth for ours_nth, twins_nth in zip(ours, twins, strict=False))
    common = ours.keys() & twins.keys()
    return Counter(
        {
            PROPOSALS: len(twins),
            OTHER_PROPOSALS: max(len(ours), len(twins)) - same,
            COMMON_TRIALS: len(common),
            OTHER_LENGTHS: sum(ours[trial] != twins[trial] for trial in common),
        }
    )


def repetition(log: Sequence[TrainedEpoch]) -> tuple[Counter[str], float]:
    """Epochs trained, those trained again, and the seconds that these took."""
    seen: set[tuple[Hyperparameters, int]] = set()
    again = []
    for trained in log:
        if (trained.trial, trained.epoch) in seen:
            again.append(trained.seconds)
        seen.add((trained.trial, trained.epoch))
    return Counter({TRAINED: len(seen), REPEATED: len(again)}), sum(again)


def lengths(log: Sequence[TrainedEpoch]) -> dict[Hyperparameters, int]:
    """The last epoch of every trial, in the order in which they began."""
    last: dict[Hyperparameters, int] = {}
    for trained in log:
        last[trained.trial] = max(last.get(trained.trial, 0), trained.epoch)
    return last
