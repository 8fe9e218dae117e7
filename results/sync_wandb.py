"""Send a sweep to W&B, or what W&B lacks of it, from its record.

python results/sync_wandb.py SWEEP [SWEEP ...]
"""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from trainable.contract import UserError

if TYPE_CHECKING:
    from results.wandb_record import WandbRunSettings


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="sync_wandb.py", description=__doc__.splitlines()[0])
    parser.add_argument("sweeps", nargs="+", metavar="SWEEP", help="name or folder of a sweep, interrupted ones too")
    parser.add_argument("--project", help="W&B project (default: the sweep's)")
    parser.add_argument("--entity", help="W&B user or team (default: the sweep's, else yours)")
    parser.add_argument(
        "--mode", choices=("online", "offline"), default="online", help="offline: write W&B's local files instead"
    )
    parser.add_argument(
        "--storage_path", "--storage-path", metavar="PATH", help="where sweeps lie (default: results/sweeps)"
    )
    wanted = parser.parse_args(arguments)
    try:
        from results.find import SHIPPED_STORAGE, find_sweep

        storage = Path(wanted.storage_path) if wanted.storage_path else SHIPPED_STORAGE
        folders = [find_sweep(sweep, storage) for sweep in wanted.sweeps]
        return max([_send(folder, wanted.mode, wanted.project, wanted.entity) for folder in folders])
    except UserError as error:
        print(f"sync_wandb.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("sync_wandb.py: interrupted; the same command goes on from there", file=sys.stderr)
        return 130


def _send(folder: Path, mode: str, project: str | None, entity: str | None) -> int:
    """The exit status: 1 when the server does not show every epoch."""
    from results.folder_lock import only_driver
    from results.records import read_sweep
    from results.wandb_record import has_login, resolve_mode
    from results.wandb_trials import send_lacking, sweep_settings

    resolve_mode(mode)
    if mode == "online" and not has_login():
        raise UserError("no W&B login; run `wandb login`, or set WANDB_API_KEY")
    # Two writers of one run would cost it rows: neither a running sweep is sent nor a resume begun meanwhile.
    with only_driver(folder, f"sweep {folder.name}"):
        record = read_sweep(folder)
        settings = sweep_settings(record, mode, project, entity)
        unshown = send_lacking(settings, record, _say)
    _say(_outcome(settings, record.name, [trial.number for trial in unshown]))
    return 1 if unshown else 0


def _outcome(settings: "WandbRunSettings", name: str, unshown: list[int]) -> str:
    if unshown:
        trials = ", ".join(map(str, unshown))
        return f"Sweep {name}: the server does not show every epoch of trial {trials}; run it again in a minute"
    where = "lies in W&B's local files" if settings.mode == "offline" else f"is in W&B's project {settings.project}"
    return f"Sweep {name} {where}, every epoch of it"


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
