"""What a W&B server shows beside runs: projects, entries on the Sweeps page, saved views, reports.

As strict as the service is known to be: nothing is made in a project that does not exist (an entry on the Sweeps page
makes it), and an id that was never given out is refused.
"""

import base64
import json
from dataclasses import dataclass, field
from typing import Any

import yaml

SWEEP_STATES = ("PENDING", "RUNNING", "PAUSED", "FINISHED", "CANCELED")


class Refused(Exception):
    """A GraphQL error."""


@dataclass
class ServedSweep:
    id: str
    name: str
    project: str
    display_name: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    states: list[str] = field(default_factory=list)
    """In the order in which they were told."""


@dataclass
class ServedView:
    """A saved view, or a report."""

    id: str
    name: str
    project: str
    type: str
    display_name: str = ""
    description: str = ""
    specs: list[dict[str, Any]] = field(default_factory=list)
    """Every one that was saved, oldest first."""

    @property
    def spec(self) -> dict[str, Any]:
        return self.specs[-1]

    @property
    def run_set(self) -> dict[str, Any]:
        (only,) = self.spec["section"]["runSets"]
        return dict(only)

    @property
    def panels(self) -> list[dict[str, Any]]:
        return [panel for section in self.spec["section"]["panelBankConfig"]["sections"] for panel in section["panels"]]

    def panels_of(self, view_type: str) -> list[dict[str, Any]]:
        """Their configurations."""
        return [panel["config"] for panel in self.panels if panel["viewType"] == view_type]


class ServedPages:
    def __init__(self, user: str) -> None:
        self._user = user
        self.projects: set[str] = set()
        self.sweeps: dict[str, ServedSweep] = {}
        self.views: dict[str, ServedView] = {}

    @property
    def saved_views(self) -> list[ServedView]:
        return [view for view in self.views.values() if view.type == "project-view"]

    @property
    def reports(self) -> list[ServedView]:
        return [view for view in self.views.values() if view.type == "runs"]

    def resolve(self, operation: str, variables: dict[str, Any]) -> dict[str, Any] | None:
        """The data that answers an operation; None for one that is not known.

        Raises:
            Refused: it asks for what cannot be.
        """
        project = variables.get("projectName") or variables.get("name") or ""
        match operation:
            case "GetProject":
                return {"project": self._described(project) if project in self.projects else None}
            case "ProjectInternalId":
                return {"project": {"id": "1", "internalId": "1"} if project in self.projects else None}
            case "GetProjects":
                edges = [{"node": self._described(name)} for name in sorted(self.projects)]
                page = {"__typename": "PageInfo", "endCursor": None, "hasNextPage": False}
                return {"models": {"pageInfo": page, "edges": edges}}
            case "CreateProject":
                self.projects.add(variables["input"]["name"])
                return {"result": {"inserted": True}}
            case "UpsertSweep":
                return {"upsertSweep": {"sweep": self._upsert_sweep(project, variables)}}
            case "UpsertView2" | "upsertView":
                view, inserted = self._upsert_view(project, variables)
                return {"upsertView": {"view": self._shown(view), "inserted": inserted}}
            case "View":
                found = [view for view in self.saved_views if view.name == variables["viewName"]]
                return {"project": {"allViews": {"edges": [{"node": self._shown(view)} for view in found]}}}
            case "SpecificReport":
                report = self.views.get(variables["reportId"])
                return {"view": report and self._shown(report)}
        return None

    def _upsert_sweep(self, project: str, variables: dict[str, Any]) -> dict[str, str]:
        self.projects.add(project)
        if variables["state"] not in SWEEP_STATES:
            raise Refused(f"no state {variables['state']}")
        number = len(self.sweeps) + 1
        new = ServedSweep(_global_id("Sweep", number), f"sweep{number:03d}", project)
        sweep = self.sweeps.get(variables["id"]) if variables["id"] else self.sweeps.setdefault(new.id, new)
        if sweep is None:
            raise Refused("sweep not found")
        sweep.display_name, sweep.config = variables["displayName"], yaml.safe_load(variables["config"])
        sweep.states.append(variables["state"])
        return {"id": sweep.id, "name": sweep.name}

    def _upsert_view(self, project: str, variables: dict[str, Any]) -> tuple[ServedView, bool]:
        if project not in self.projects or variables["entityName"] != self._user:
            raise Refused("project not found")
        known = variables.get("id")
        new = ServedView(_global_id("View", len(self.views) + 1), variables["name"], project, variables["type"])
        view = self.views.get(known) if known else self.views.setdefault(new.id, new)
        if view is None or view.type != variables["type"]:
            raise Refused("view not found")
        view.display_name, view.description = variables["displayName"], variables["description"]
        view.specs.append(json.loads(variables["spec"]))
        return view, not known

    def _described(self, project: str) -> dict[str, Any]:
        described = {"__typename": "Project", "id": "1", "name": project, "entityName": self._user}
        return described | {"createdAt": "2026-01-01T00:00:00", "isBenchmark": False, "user": None}

    def _shown(self, view: ServedView) -> dict[str, Any]:
        shown = {"id": view.id, "type": view.type, "name": view.name, "displayName": view.display_name}
        project = {"id": "1", "name": view.project, "entityName": self._user}
        return shown | {"description": view.description, "spec": json.dumps(view.spec), "project": project}


def _global_id(kind: str, number: int) -> str:
    return base64.b64encode(f"{kind}:v1:{number}".encode()).decode()
