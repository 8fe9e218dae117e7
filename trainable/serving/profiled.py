"""How the model was run when its profile was measured, so that it can be served in the same way."""

from dataclasses import dataclass
from pathlib import Path

from trainable.block_importance.files import IMPORTANCE_FILE, read_importance
from trainable.contract import UserError
from trainable.measuring.identity import Facts
from trainable.measuring.store_file import STORE_FILE, read_contents
from trainable.vision_language_model.model import VisionLanguageModel

DEFAULT_THREADS = 1
"""Of the CPU, where the profile does not say."""


@dataclass(frozen=True)
class Profiled:
    """What a profile tells of its measuring."""

    drop_order: tuple[int, ...]
    """Blocks of the text model, the one that is left out first in front."""
    max_new_tokens: int | None
    """Of an answer; None: as the model has it."""
    num_threads: int
    machine: Facts | None
    """As `machine_facts` has it; None where the profile does not say."""


def how_profiled(results_dir: Path, importance: Path | None, model: VisionLanguageModel) -> Profiled:
    """What can be known: all from a measured store, else the order of the blocks from a file.

    Args:
        importance: that file, where it is neither the profile's nor the model's own.

    Raises:
        UserError: the order is not to be had, or the profile was measured on another model.
    """
    is_store = (results_dir / STORE_FILE).exists()
    identity = read_contents(results_dir).identity if is_store else None
    if identity and identity.model["identity"] != model.identity:
        raise UserError(
            f"profile {results_dir}: it was measured on another model than {model.path} (its files are others), so it "
            "promises nothing of this one; give the model that was profiled, or profile this one"
        )
    drop_order: tuple[int, ...] = ()
    if identity and not importance:
        drop_order = tuple(identity.knobs["drop_order"])
    elif "num_active_blocks" in model.grid.names:
        drop_order = _drop_order(results_dir, importance, model)
    if identity is None:
        return Profiled(drop_order, None, DEFAULT_THREADS, None)
    machine = identity.machine
    return Profiled(drop_order, identity.knobs["max_new_tokens"], machine["num_threads"], machine)


def _drop_order(results_dir: Path, importance: Path | None, model: VisionLanguageModel) -> tuple[int, ...]:
    places = [importance] if importance else [folder / IMPORTANCE_FILE for folder in (results_dir, Path(model.path))]
    for file in places:
        if file == importance or file.exists():
            return read_importance(file, model.num_blocks, model.fixed_blocks)
    raise UserError(
        f"profile {results_dir}: neither it nor {model.path} has an {IMPORTANCE_FILE}, so the order in which blocks "
        "are left out is not known; give the file with --importance"
    )
