"""The training's run at W&B: where it belongs, what it is called, and what is said of what W&B did not take."""

import importlib.metadata
import os
import sys
from collections.abc import Iterable

from results.record.ranking import Row
from results.trackers.wandb_background import BackgroundWandbRun
from results.trackers.wandb_client import prepare_wandb, resolve_mode
from results.trackers.wandb_settings import ModelArtifact, RunDescription, WandbRunSettings
from trainable import contract
from trainable.contract import TrialStatus
from trainable.grpo.checkpoint import BEST_FILE
from trainable.grpo.joint_controller import KIND
from trainable.settings_fields import to_flat
from trainable.single_run.plan import MODE, OBJECTIVE, Plan
from trainable.single_run.screen import Screen
from trainable.single_run.settings import DEFAULT_PROJECT
from trainable.single_run.signals import Stopped

TAGS = ("grpo", "controller", "joint-training")
MODEL_NAME = "joint-controller"


def open_wandb_view(plan: Plan, screen: Screen) -> "WandbView | None":
    """The run, online or offline as the environment says; None where it says that there shall be none."""
    may_ask = sys.stdin.isatty() and sys.stdout.isatty()
    prepare_wandb(may_ask)
    mode = resolve_mode(None, may_ask)
    if mode == "disabled":
        screen.say("WANDB_MODE=disabled: nothing goes to W&B")
        return None
    if mode == "offline" and os.environ.get("WANDB_MODE") != "offline":
        screen.say("No W&B login is stored here (wandb login stores one), so the run is recorded offline")
    return WandbView(plan, mode, screen)


class WandbView:
    """The run as one of the training's views."""

    def __init__(self, plan: Plan, mode: str, screen: Screen) -> None:
        self._plan, self._screen = plan, screen
        settings, datasets = plan.settings, plan.data.profile.datasets
        project: str | None = settings.wandb_project or os.environ.get("WANDB_PROJECT") or DEFAULT_PROJECT
        entity = settings.wandb_entity or os.environ.get("WANDB_ENTITY")
        if plan.wandb_id is None:  # W&B's sweep agent has decided both
            project = entity = None
        run_name = KIND.run_name.format(**plan.hyperparameters, created=plan.created)
        config = {
            **to_flat(settings),
            "dataset_names": list(datasets),
            "device": plan.device,
            "data": plan.description.summary,
            "fingerprint": plan.description.fingerprint,
            **{f"version/{package}": importlib.metadata.version(package) for package in ("torch", "wandb")},
        }
        self._run = BackgroundWandbRun(
            WandbRunSettings(
                mode=mode,
                project=project,
                entity=entity,
                metric=OBJECTIVE,
                score_mode=MODE,
                job_type="train",
                tags=(*TAGS, *datasets),
            ),
            RunDescription(
                plan.wandb_id,
                settings.wandb_name or os.environ.get("WANDB_NAME") or run_name,
                config,
                settings.folder,
            ),
            screen.say,
        )

    def append(self, rows: Iterable[Row]) -> None:
        self._run.append(rows)

    def close(self, status: TrialStatus, best: Row | None, exit_status: int) -> int:
        """Send the rest and the best checkpoint, and say what W&B did not take; the exit status.

        A signal ends the waiting. Where W&B's own clean-up would wait for a server that is gone, this ends the process.
        """
        try:
            is_whole = self._run.close(status, self._model(best) if best else None)
        except Stopped as stopped:
            is_whole, exit_status = False, exit_status or stopped.exit_status
        if not is_whole:
            self._screen.say(f"W&B did not take everything ({self._run.failure or 'the server is too slow'})")
        if self._run.sync_command and (self._run.is_offline or not is_whole):
            self._screen.show_command("Send to W&B", self._run.sync_command)
        if self._run.server_is_gone:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(exit_status)
        return exit_status

    def _model(self, best: Row) -> ModelArtifact:
        metadata = {
            "hyperparameters": self._plan.decisive_settings,
            "metrics": {name: value for name, value in best.items() if contract.is_metric(name)},
            "epoch": best[contract.EPOCH],
            "fingerprint": self._plan.description.fingerprint,
        }
        return ModelArtifact(self._plan.settings.folder / BEST_FILE, MODEL_NAME, metadata)
