"""What a sweep has at W&B beside its runs, remembered in its folder, so that the next start updates it."""

from dataclasses import asdict, dataclass
from pathlib import Path

from results.files.atomic_write import read_json, write_json
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
    finalists_url: str | None = None
    """Of the view of a search's finalists."""
    report_url: str | None = None


def read_pages(folder: Path) -> WandbPages | None:
    content = read_json(folder / contract.WANDB_PAGES_FILE)
    return WandbPages(**content) if content else None


def remembered_pages(folder: Path, location: WandbPages) -> WandbPages:
    """The sweep's pages at that location; the bare location when it had none there, or has them elsewhere."""
    known = read_pages(folder)
    if known and (known.server, known.entity, known.project) == (location.server, location.entity, location.project):
        return known
    return location


def write_pages(folder: Path, pages: WandbPages) -> None:
    write_json(folder / contract.WANDB_PAGES_FILE, asdict(pages))
