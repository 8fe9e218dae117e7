"""What a sweep reads of Ray's trials and of its errors, and sets in them; part of it is private, read in ray 2.60."""

import pickle
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import ray
from ray.exceptions import RayActorError, RayTaskError

from trainable import contract
from trainable.ranking import Row
from trainable.system_errors import refusal_in, writing


def number_of(trial: Any) -> int:
    """A trial's number in the sweep, from the name of its folder: Ray's own id lives for one session only."""
    number = contract.trial_number(trial.storage.trial_dir_name)
    assert number is not None, trial.storage.trial_dir_name
    return number


def settle_in(trial: Any, number: int) -> str:
    """Give Ray's trial the folder of the sweep's trial of that number, its name being the answer.

    Ray would add letters to a name that it has used before, in `Trial.init_local_path`, which does nothing where these
    two are set. A trial that was paused goes on as another one of Ray's, in its own folder.
    """
    name = contract.trial_folder_name(number)
    trial.relative_logdir = trial.storage.trial_dir_name = name
    return name


def tell_rows(trial: Any, rows: Sequence[Row], metrics: Iterable[str]) -> None:
    """Have a trial know, wherever it goes on, what is recorded of it: it may not see the sweep's folder.

    Args:
        metrics: that rank trials; what else its rows hold, it needs not.
    """
    if rows:
        known = (contract.EPOCH, contract.CHECKPOINTED, "time_total_s", *metrics)
        told = [{name: row[name] for name in known if name in row} for row in rows]
        trial.config = {**trial.config, contract.ROWS: told}  # what it was may be the record's own


def forgive_lost_workers(trial: Any) -> None:
    """Let what Ray counts as failures of a trial (its workers died) start from 0 again: it has finished an epoch.

    Ray retries while `Trial.run_metadata.num_failures` is at most FailureConfig's `max_failures`.
    """
    trial.run_metadata.num_failures = 0


def trials_without_room(loop: Any) -> list[int]:
    """The numbers of trials for whose workers Ray has asked and found no room yet.

    What the TuneController's own actor manager keeps: a worker that has room and is being started is none of these.
    """
    asked_for = set(loop._actor_manager.pending_actors)
    return sorted(number_of(trial) for trial, actor in loop._trial_to_actor.items() if actor in asked_for)


def next_to_start(loop: Any) -> Any:
    """The trial that is to have the next free worker: the first that waits, but for those whose own is being started.

    Ray would give it to the first of all that wait, and end the worker that is being started for that one: of trials
    that are shorter than a worker's start, one worker would train all, and the others never come up.
    """
    asked_for = set(loop._actor_manager.pending_actors)
    for trial in loop._pending_trials_list:
        if trial in loop._pending_trials:  # the list keeps those that wait no more
            actor = loop._trial_to_actor.get(trial)
            if actor is None or actor in asked_for:
                return trial
    return None


def node_of_worker(error: BaseException | None) -> str:
    """The id of the node on which a worker was, by the error that tells of its loss; empty where that is unknown."""
    if not isinstance(error, RayActorError) or not error.actor_id:
        return ""
    return str(ray._private.state.actors(error.actor_id).get("Address", {}).get("NodeID", ""))


def was_given_up_early(trial: Any) -> bool:
    """Whether a worker was lost and the trial is not tried again, although it may be.

    So it is where the worker, which had trained another trial, was lost before it answered: the trial was PENDING still
    (`TuneController._process_trial_failure`).
    """
    return trial.should_recover() and isinstance(last_error(trial)[0], RayActorError)


def last_error(trial: Any) -> tuple[BaseException | None, str]:
    """The last error that Ray met with a trial: the exception, where it came from its worker, and its text.

    `Trial.handle_error` leaves both in Ray's session folder, texts one after the other. `Trial.get_error` looks for
    them in the sweep's folder, where they arrive later or not at all.
    """
    texts = Path(trial.error_file).read_text(encoding="utf-8")
    text = texts.rpartition("Failure # ")[2].partition("\n")[2].strip()
    if trial.pickled_error_file:
        error: BaseException = pickle.loads(Path(trial.pickled_error_file).read_bytes())
        if str(error).strip() == text:  # else it is an earlier one
            return error.cause if isinstance(error, RayTaskError) else error, text
    return None, text


def raise_what_disk_refused(trial: Any) -> None:
    """Of what Ray takes for a failure of a trial, raise again what the sweep's disk refused.

    What a run is refused elsewhere is no error of Ray's: `RunTrainable` reports it as that trial's failure.

    Raises:
        DiskError: the trial's checkpoint was refused, or Ray met a DiskError when it stopped the trial.
    """
    error = last_error(trial)[0]
    if refusal := refusal_in(error) or refusal_in(sys.exception()):
        with writing(Path(trial.storage.trial_fs_path)):
            raise refusal
