"""What a sweep has at W&B beside its runs, remembered in its folder, so that the next start updates it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from results.whole_file import write_whole
from trainable import contract


@dataclass(frozen=True)
class WandbPages:
    """Where they are; None what there is not."""

    server: str
    entity: str
    project: str
    sweep_id: str | None = None
    """The server's own id of the sweep's entry, by which it is updated."""
    sweep_name: str | None = None
    """The entry's id as people see it in URLs, which the sweep's runs carry."""
    view_url: str | None = None
    report_url: str | None = None


def read_pages(folder: Path) -> WandbPages | None:
    file = folder / contract.WANDB_PAGES_FILE
    return WandbPages(**json.loads(file.read_text())) if file.exists() else None


def pages_at(folder: Path, server: str, entity: str, project: str) -> WandbPages:
    """The sweep's pages in that project; none yet when it was recorded in another."""
    there, remembered = WandbPages(server, entity, project), read_pages(folder)
    same = remembered and (remembered.server, remembered.entity, remembered.project) == (server, entity, project)
    return remembered if remembered and same else there


def write_pages(folder: Path, pages: WandbPages) -> None:
    write_whole(folder / contract.WANDB_PAGES_FILE, json.dumps(asdict(pages), indent=2) + "\n")
