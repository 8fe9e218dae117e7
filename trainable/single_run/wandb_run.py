"""The training's run at W&B: where it belongs, what it is called, and what is said of what W&B did not take.

What cannot be opened online is recorded offline; what the server has not taken when the training ends stays in the
run's local files, from where `wandb sync` sends it.
"""

import dataclasses
import importlib.metadata
import os
import sys
from collections.abc import Iterable

from results.trackers.wandb_client import (
    WandbUnavailable,
    client_settings,
    finish_timeout_s,
    first_line,
)
from results.trackers.wandb_run import TrialWandbRun
from results.trackers.wandb_settings import ModelArtifact, RunDescription, WandbRunSettings
from results.trackers.worker import Worker
from trainable import contract
from trainable.contract import TrialStatus, shown_path
from trainable.grpo.checkpoint import BEST_FILE
from trainable.grpo.joint_controller import KIND
from trainable.ranking import Row
from trainable.settings_fields import to_flat
from trainable.single_run.plan import OBJECTIVE, Plan, given_by_wandbs_agent
from trainable.single_run.screen import Screen
from trainable.single_run.signals import Stopped

LONGEST_TAG = 64
"""By W&B's own rule."""
TAGS = ("grpo", "controller", "joint-training")
MODEL_NAME = "joint-controller"
PATIENCE_S = 3.0
"""How long the end may take before the user is told what it waits for."""


def open_wandb_view(plan: Plan, screen: Screen) -> "WandbView | None":
    """The run, online or offline as the plan says; None where it says that there shall be none."""
    assert plan.wandb_mode
    if plan.wandb_mode == "disabled":
        screen.say("W&B is disabled (by WANDB_MODE, or by `wandb disabled`): nothing goes there")
        return None
    if plan.wandb_mode == "offline" and client_settings().mode == "online":
        screen.say("No W&B login is stored here (wandb login stores one), so the run is recorded offline")
    if plan.copy_of:
        screen.say(f"This is a copy of the training in {shown_path(plan.copy_of)}, so at W&B it is a run of its own")
    return WandbView(plan, plan.wandb_mode, screen)


class WandbView:
    """The run as one of the training's views, in a thread of its own: a server that is away costs the training nothing.

    The calls return at once, but for `close`.
    """

    def __init__(self, plan: Plan, mode: str, screen: Screen) -> None:
        """Begin to open the run."""
        self._plan, self._screen = plan, screen
        self._settings, self._described = _run_settings(plan, mode), _described(plan)
        self._run: TrialWandbRun | None = None
        self._worker = Worker("wandb")
        self._worker.do(self._open)

    def append(self, rows: Iterable[Row]) -> None:
        given = list(rows)
        self._worker.do(lambda: self._opened.append(given))

    def close(self, status: TrialStatus, best: Row | None, exit_status: int) -> int:
        """Send the rest and the best checkpoint, and say what W&B did not take; the exit status.

        A signal ends the waiting. Where W&B's own clean-up would wait for a server that is gone, this ends the process.
        """
        self._worker.do(lambda: self._finish_run(status, best))
        try:
            if not self._worker.finish(PATIENCE_S):
                most = f"{finish_timeout_s():.0f} s"
                self._screen.say(f"Waiting for W&B to take the rest, at most {most} (Ctrl-C: not at all)")
                self._worker.finish(finish_timeout_s())
        except Stopped as stopped:
            exit_status = exit_status or stopped.exit_status
        failure = self._worker.failure
        is_whole = not self._worker.is_busy and failure is None
        is_local = self._run is not None and not self._run.is_online
        if not is_whole:
            cause = first_line(failure) if failure else "the server is too slow"
            self._screen.say(f"W&B did not take everything ({cause})")
        if self._run and (is_local or not is_whole):
            self._screen.show_command("Send to W&B", self._run.sync_command)
        if not is_whole or (is_local and self._settings.is_online):
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(exit_status)
        return exit_status

    @property
    def _opened(self) -> TrialWandbRun:
        assert self._run
        return self._run

    # What follows is done in the thread.

    def _open(self) -> None:
        try:
            self._run = TrialWandbRun(self._settings, self._described)
        except WandbUnavailable as error:
            if not self._settings.is_online:
                raise
            # By another id: W&B would renumber the rows of a segment that is synced into a run it already holds.
            other_id = self._described.id and f"{self._described.id}-offline"
            self._run = TrialWandbRun(self._settings.offline(), dataclasses.replace(self._described, id=other_id))
            self._screen.say(f"W&B does not answer ({first_line(error)}), so the run is recorded offline")
        if self._run.url:
            self._screen.say(f"View run at: {self._run.url}")

    def _finish_run(self, status: TrialStatus, best: Row | None) -> None:
        closed = self._opened.close(status, models=[_model(self._plan, best)] if best else [])
        if closed.lacks_model:
            raise WandbUnavailable(closed.lacks_model)


def _run_settings(plan: Plan, mode: str) -> WandbRunSettings:
    settings = plan.settings
    project, entity = settings.wandb_project, settings.wandb_entity
    if given_by_wandbs_agent():  # it has told W&B's client both, and the id
        project = entity = None
    return WandbRunSettings(
        mode=mode,
        project=project,
        entity=entity,
        objective=OBJECTIVE,
        tags=(*TAGS, *(dataset[:LONGEST_TAG] for dataset in plan.data.profile.datasets)),
    )


def _described(plan: Plan) -> RunDescription:
    settings = plan.settings
    run_name = KIND.run_name.format(**plan.hyperparameters, created=plan.created)
    config = {
        **to_flat(settings),
        "dataset_names": list(plan.data.profile.datasets),
        "device": plan.device,
        "data": plan.description.summary,
        "fingerprint": plan.description.fingerprint,
        **{f"version/{package}": importlib.metadata.version(package) for package in ("torch", "wandb")},
    }
    name = settings.wandb_name or run_name
    job_type = client_settings().run_job_type or "train"
    return RunDescription(None if given_by_wandbs_agent() else plan.wandb_id, name, config, settings.folder, job_type)


def _model(plan: Plan, best: Row) -> ModelArtifact:
    metadata = {
        "hyperparameters": plan.decisive_settings,
        "metrics": {name: value for name, value in best.items() if contract.is_metric(name)},
        "epoch": best[contract.EPOCH],
        "fingerprint": plan.description.fingerprint,
    }
    return ModelArtifact(plan.settings.folder / BEST_FILE, MODEL_NAME, metadata)
