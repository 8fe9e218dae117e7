"""What W&B shows of a sweep beside its runs: an entry on the Sweeps page, a saved view, a report if one is wanted.

None of it is needed: whatever the server refuses, does not know or does not answer is one line, and all else goes on.
"""

import contextlib
import dataclasses
from collections.abc import Callable, Iterable

import yaml

from results.record.sweeps import SweepRecord
from results.trackers.wandb_charts import curve_metrics, parts_of
from results.trackers.wandb_client import (
    RequestFailed,
    ask_timeout_s,
    base_url,
    execute_graphql,
    first_line,
    has_login,
    wandb,
    why_unreachable,
)
from results.trackers.wandb_pages import WandbPages, remembered_pages, write_pages
from results.trackers.wandb_settings import WandbRunSettings
from results.trackers.wandb_sweep_entry import entry_config
from results.trackers.wandb_views import save, sweep_report, view_of

ENTRY, VIEW, REPORT = "the sweep's entry on the Sweeps page", "the sweep's saved view", "the report"
DASHBOARD = "the sweep's dashboard"
"""All of them: the server does not tell what is needed for any."""

UPSERT_SWEEP = """
mutation UpsertSweep(
    $id: ID, $entityName: String, $projectName: String, $displayName: String, $config: String, $state: String
) {
    upsertSweep(input: {
        id: $id, entityName: $entityName, projectName: $projectName, displayName: $displayName, config: $config,
        state: $state
    }) {
        sweep { id name }
    }
}
"""


class SweepDashboard:
    """Waits for the server: for a thread that may wait."""

    def __init__(self, settings: WandbRunSettings, record: SweepRecord, say: Callable[[str], None]) -> None:
        """
        Args:
            say: told where the view or the report is, and what the server refused.
        """
        self._settings, self._record, self._say = settings, record, say
        self._reported = dict.fromkeys(name for trial in record.trials for name in trial.columns)
        self._api: wandb.Api | None = None
        self._has_entry = self._has_view = False

    def begin(self, state: str) -> str | None:
        """Make or update the sweep's entry and its view; the id that its runs are to carry, if there is one.

        Says nothing of a server that is away: whoever sends the runs does.
        """
        if self._why_away() or not self._connect():
            return None
        self._has_entry = self._attempt(ENTRY, lambda: self._save_entry(state))
        self._has_view = self._attempt(VIEW, self._save_view)
        if self._has_view:
            self._say(f"View sweep at: {self._pages.view_url}")
            if self._pages.finalists_url:
                self._say(f"View its finalists at: {self._pages.finalists_url}")
        return self._pages.sweep_name if self._has_entry else None

    def show_metrics(self, reported: Iterable[str]) -> None:
        """Let the view have the curves of what a run has reported, as soon as that is known."""
        shown = self._metrics
        self._reported |= dict.fromkeys(reported)
        if self._metrics != shown and self._has_view:
            self._has_view = self._attempt(VIEW, self._save_view)

    def end(self, state: str) -> None:
        """Say on the Sweeps page that the sweep has ended, or that it waits to be resumed."""
        if self._has_entry:
            self._attempt(ENTRY, lambda: self._save_entry(state))

    def write_report(self) -> bool:
        """Write the report, or write it anew; whether the server has taken it."""
        away = self._why_away()
        if away:
            self._say_not_taken(REPORT, away)
            return False
        taken = self._connect() and self._attempt(REPORT, self._save_report)
        if taken:
            self._say(f"View report at: {self._pages.report_url}")
        return taken

    @property
    def _metrics(self) -> list[str]:
        return curve_metrics(self._record, self._reported)

    def _why_away(self) -> str | None:
        return why_unreachable() or (None if has_login() else "no login")

    def _connect(self) -> bool:
        return self._api is not None or self._attempt(DASHBOARD, self._find_project)

    def _find_project(self) -> None:
        api = wandb.Api(timeout=ask_timeout_s())
        entity = self._settings.entity or api.default_entity
        if not entity:
            raise ValueError("the server names nobody to record under; give --wandb_entity")
        self._settings = dataclasses.replace(self._settings, entity=entity)
        location = WandbPages(base_url(), entity, str(self._settings.project))
        self._pages = remembered_pages(self._record.folder, location)
        self._api = api
        if self._pages == location:
            _make_project(api, entity, location.project)

    def _save_entry(self, state: str) -> None:
        assert self._api
        variables = {
            "id": self._pages.sweep_id,
            "entityName": self._pages.entity,
            "projectName": self._pages.project,
            "displayName": self._record.name,
            "config": yaml.safe_dump(entry_config(self._record), sort_keys=False),
            "state": state,
        }
        sweep = execute_graphql(self._api, UPSERT_SWEEP, variables)["upsertSweep"]["sweep"]
        self._remember(sweep_id=sweep["id"], sweep_name=sweep["name"])

    def _save_view(self) -> None:
        of_sweep, *of_finalists = (view_of(part, self._settings, self._metrics) for part in parts_of(self._record))
        self._remember(view_url=save(of_sweep, self._pages.view_url))
        for view in of_finalists:
            self._remember(finalists_url=save(view, self._pages.finalists_url))

    def _save_report(self) -> None:
        report = sweep_report(self._record, self._settings, self._metrics)
        self._remember(report_url=save(report, self._pages.report_url))

    def _remember(self, **changes: str) -> None:
        self._pages = dataclasses.replace(self._pages, **changes)
        write_pages(self._record.folder, self._pages)

    def _attempt(self, part: str, work: Callable[[], None]) -> bool:
        try:
            work()
        except Exception as error:  # an unexpected answer makes W&B's packages raise whatever they stumble over
            self._say_not_taken(part, _cause(error))
            return False
        return True

    def _say_not_taken(self, part: str, cause: str) -> None:
        self._say(f"W&B did not take {part} ({cause}); all else goes on")


def _make_project(api: wandb.Api, entity: str, project: str) -> None:
    """The first run would make it, but the view is there before."""
    try:
        api.project(project, entity).id  # noqa: B018 asks the server
    except ValueError:  # it is not there, or is not shown
        with contextlib.suppress(RequestFailed):  # if it is not there after all, the view is refused
            api.create_project(project, entity)


def _cause(error: Exception) -> str:
    text = first_line(error)
    if text.endswith("did not respond in time."):  # wandb 0.31 blames its own process, which waits for the server
        return "no usable answer in time"
    return text if isinstance(error, RequestFailed) else f"{type(error).__name__}: {text}"
