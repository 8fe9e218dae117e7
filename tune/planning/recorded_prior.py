"""The prior of a sweep in its folder: a resume draws from what the sweep began with, whatever the space's file says."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from results.files.atomic_write import read_json, write_json
from search_spaces import Prior
from search_spaces.reading.searched import SearchSpace, prior_fault
from trainable import contract
from trainable.contract import UserError, shown_path


def write_prior(folder: Path, prior: Mapping[str, Prior]) -> None:
    write_json(folder / contract.PRIOR_FILE, {name: asdict(one) for name, one in prior.items()})


def read_prior(folder: Path, space: SearchSpace) -> dict[str, Prior]:
    """Of what is still searched, about where it still can be; sweeps of earlier versions have none.

    Raises:
        UserError: the file cannot be read, or was edited to what is no prior.
    """
    file = folder / contract.PRIOR_FILE
    try:
        recorded = {name: Prior(**one) for name, one in read_json(file).items()}
    except (TypeError, AttributeError):
        raise UserError(f"{shown_path(file)}: it holds no centres and widths; restore the file") from None
    return {name: one for name, one in recorded.items() if not prior_fault(one, space.distributions.get(name))}
