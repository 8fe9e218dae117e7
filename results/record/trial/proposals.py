"""Where a trial's hyperparameters came from: a file in its folder, written before anybody hears of the trial."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution, json_to_distribution

from results.files.atomic_write import read_json, write_json
from results.files.required import require
from trainable import contract


@dataclass(frozen=True)
class Proposal:
    """The hyperparameters of a trial to be, and what drew them."""

    hyperparameters: dict[str, Any]
    by: str
    """'start', 'try', 'warm start', 'prior', or the sampler's name."""
    distributions: dict[str, Any] | None = None
    """What was drawn from, as Optuna's JSON of each distribution, where a space is a function of the trial."""
    params: dict[str, Any] | None = None
    """What was drawn, by the same names: a function may give hyperparameters that it computes."""
    trial_attributes: dict[str, Any] = field(default_factory=dict)
    """What Optuna's sampler left with the trial. CMA-ES, NSGA-II and the grid keep their state there."""
    study_attributes: dict[str, Any] = field(default_factory=dict)
    """The same of the study, as it was when this proposal had been drawn."""
    learnt_from: int | None = None
    """How many trials the sampler was told of, where these were not all."""

    @property
    def drawn_from(self) -> dict[str, BaseDistribution]:
        """The distributions; none where the record of the space has them."""
        written = (self.distributions or {}).items()
        return {name: json_to_distribution(json.dumps(one)) for name, one in written}


@dataclass(frozen=True)
class _Recorded:
    """What the file holds: the hyperparameters lie in params.json."""

    by: str
    distributions: dict[str, Any] | None = None
    params: dict[str, Any] | None = None
    trial_attributes: dict[str, Any] = field(default_factory=dict)
    study_attributes: dict[str, Any] = field(default_factory=dict)
    learnt_from: int | None = None


def write_proposal(trial_folder: Path, proposal: Proposal) -> None:
    """Beside the trial's params.json; it is on the disk when this returns."""
    content = asdict(proposal)
    del content["hyperparameters"]
    if proposal.learnt_from is None:
        del content["learnt_from"]
    write_json(trial_folder / contract.PROPOSAL_FILE, content)


def read_proposal(trial_folder: Path, hyperparameters: dict[str, Any]) -> Proposal | None:
    """None where there is none: replicates have none, nor have trials of earlier versions.

    Raises:
        UserError: the file cannot be read, or was edited to what it cannot hold.
    """
    file = trial_folder / contract.PROPOSAL_FILE
    content = read_json(file)
    if not content:
        return None
    require(file, content, _Recorded)
    recorded = _Recorded(**content)
    return Proposal(
        hyperparameters,
        recorded.by,
        recorded.distributions,
        recorded.params,
        recorded.trial_attributes,
        recorded.study_attributes,
        recorded.learnt_from,
    )
