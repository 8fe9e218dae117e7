"""Send a sweep to W&B, or what W&B lacks of it, from its record.

python results/sync_wandb.py SWEEP [SWEEP ...]
python results/sync_wandb.py SWEEP --report       and write a W&B Report of it
"""

import dataclasses
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if __name__ == "__main__":  # what lies beside this command, and not what an environment may hold of another checkout
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from results.sweep_arguments import parser_of_sweeps, wanted_sweeps
from trainable.contract import WANDB_PAGES_FILE, UserError
from trainable.terminal.commands import command
from trainable.terminal.text import printable

if TYPE_CHECKING:
    from results.record.sweeps import SweepRecord
    from results.storage.store import Store


@command("sync_wandb.py", interrupted="interrupted; the same command goes on from there")
def main(arguments: list[str]) -> int:
    """Send them; the exit status: 0 all well, 1 when W&B lacks something then, 2 the user's mistake."""
    parser = parser_of_sweeps("sync_wandb.py", __doc__)
    parser.add_argument("--project", help="W&B project (default: the sweep's)")
    parser.add_argument("--entity", help="W&B user or team (default: the sweep's, else yours)")
    parser.add_argument(
        "--mode", choices=("online", "offline"), default="online", help="offline: write W&B's local files instead"
    )
    parser.add_argument("--report", action="store_true", help="also write a W&B Report, or write it anew")
    wanted = parser.parse_args(arguments)
    if wanted.report and wanted.mode == "offline":
        raise UserError("--report is written at the server; leave --mode offline out")
    records = wanted_sweeps(wanted, samples=True)
    _check(records, wanted.mode, wanted.project, wanted.entity)
    return max([_send(record.folder, wanted.mode, wanted.project, wanted.entity, wanted.report) for record in records])


def _check(records: "list[SweepRecord]", mode: str, project: str | None, entity: str | None) -> None:
    from results.trackers.wandb_client import prepare_wandb  # first: it says if the package is missing
    from results.trackers.wandb_wishes import settle

    prepare_wandb()
    for record in records:
        of_sweep = record.settings["wandb_project"], record.settings["wandb_entity"]
        settle(
            mode,
            project or of_sweep[0],
            entity or of_sweep[1],
            default_project=record.data["wandb_project"],
            sends_models=record.settings["upload_checkpoints"] != "none",
            flags="--",
        )


def _send(folder: Path, mode: str, project: str | None, entity: str | None, report: bool) -> int:
    """The exit status: 1 when W&B lacks something then, or has not taken the report."""
    from results.files.folder_lock import exclusive_lock
    from results.mirror.ownership import Ownership
    from results.mirror.reading import store_of
    from results.record.sweeps import read_sweep
    from results.storage.fetched import address_of
    from results.trackers.wandb_confirmation import not_confirmed
    from results.trackers.wandb_copies import part_from_original
    from results.trackers.wandb_dashboard import SweepDashboard
    from results.trackers.wandb_sweep_entry import ended_state
    from results.trackers.wandb_trials import send_lacking, sweep_settings

    is_fetched = address_of(folder) is not None
    # Two writers of one run would cost it rows: neither a running sweep is sent nor, on this machine, a resume begun
    # meanwhile.
    with exclusive_lock(folder, f"sweep {folder.name}"):
        if not is_fetched:
            part_from_original(folder, _say)
        record = read_sweep(folder)
        store = store_of(record) if is_fetched else None
        if store:
            Ownership(store, folder.name).require_idle(_say)
        settings = sweep_settings(record, mode, project, entity)
        dashboard = SweepDashboard(settings, record, _say)
        if settings.is_online:
            settings = dataclasses.replace(settings, sweep_id=dashboard.begin(ended_state(record)))
        sent = send_lacking(settings, record, _say, partial(_complete, record))
        taken = not report or dashboard.write_report()
        if store:
            _keep_pages(store, folder)
    where = f"is in W&B's project {settings.project}" if settings.is_online else "lies in W&B's local files"
    if sent.lacking:
        lacking = "; ".join(f"of trial {number} {what}" for number, what in sent.lacking.items())
        _say(f"Sweep {record.name}: W&B lacks {lacking}. The same command, a minute later, sends that")
    elif sent.not_told:
        _say(f"Sweep {record.name} is sent; {not_confirmed(sent.not_told)}")
    else:
        _say(f"Sweep {record.name} {where}, every epoch of it")
    return 1 if sent.lacking or not taken else 0


def _complete(record: "SweepRecord", checkpoint: Path) -> None:
    """Bring a checkpoint here that lies in the sweep's store alone."""
    from results.mirror.checkpoints import complete, is_placeholder
    from results.mirror.reading import store_of

    if is_placeholder(checkpoint) and (store := store_of(record)):
        complete(checkpoint, store.below(checkpoint.parent.name))


def _keep_pages(store: "Store", folder: Path) -> None:
    """Where the sweep's pages at W&B are, its store is to know too: the next machine would make others."""
    from results.storage.errors import StorageError

    if (folder / WANDB_PAGES_FILE).exists():
        try:
            store.push(folder / WANDB_PAGES_FILE, WANDB_PAGES_FILE)
        except StorageError as error:
            _say(f"Where its pages at W&B are could not be noted in its store, so they may be made anew: {error}")


def _say(line: str) -> None:
    print(printable(line), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
