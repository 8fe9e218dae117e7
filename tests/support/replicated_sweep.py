"""A made-up search whose finalists ran again under fresh seeds, with the parts of every score."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from made_up_sweep import MadeUpTrial, write_sweep

from trainable import contract
from trainable.score_parts import Details, ScoreParts, write_details

IMAGES = 40
SEARCHED = (0.50, 0.58, 0.63, 0.56, 0.60)
"""What the search saw of trials 0 to 4; trial n has n as its lr."""
FRESH = {0: 0.51, 1: 0.55, 2: 0.60, 4: 0.61}
"""What the starting values and the best three reached under a fresh seed: not trial 2, but trial 4 is best."""


def parts(score: float) -> ScoreParts:
    """Images are unlike, and each is as much better as the score is: two scores' paired interval has no width."""
    return ScoreParts("image", tuple(score + (image % 2 - 0.5) / 10 for image in range(IMAGES)), (1.0,) * IMAGES)


def write_replicated(
    folder: Path,
    fresh: Sequence[Mapping[int, float | None]] = (FRESH,),
    searched: Sequence[float] = SEARCHED,
    num_epochs: int = 3,
    **settings: Any,
) -> Path:
    """
    Args:
        fresh: for the seeds 1, 2, ... what each trial's setting reached; None where that run diverged.
        searched: scores of the search's trials, which ran all epochs.
    """
    trials = [_trial({"lr": float(number)}, score) for number, score in enumerate(searched)]
    numbers = []
    for seed, scores in enumerate(fresh, start=1):
        for number, score in scores.items():
            numbers.append(len(trials))
            trials.append(_trial({"lr": float(number), "seed": seed}, score))
    settings = {"num_samples": len(searched), "num_epochs": num_epochs, **settings}
    write_sweep(folder, trials, **settings)
    (folder / "proposed.json").write_text(json.dumps({"trials": len(trials), "replicates": numbers}), encoding="utf-8")
    for number, trial in enumerate(trials):
        for epoch, score in enumerate(trial.scores, start=1):
            checkpoint = folder / contract.trial_folder_name(number) / contract.checkpoint_folder_name(epoch)
            checkpoint.mkdir()
            write_details(checkpoint, Details(parts(score)))
    return folder


def _trial(config: dict[str, object], score: float | None) -> MadeUpTrial:
    """Three epochs, the second the best."""
    if score is None:
        return MadeUpTrial(config, (0.1,), ended=False, failure="diverged", columns={"checkpointed": True})
    return MadeUpTrial(config, (score - 0.2, score, score - 0.1), columns={"checkpointed": True})
