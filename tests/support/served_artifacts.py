"""Model artifacts as a W&B server takes them: asked for, their files put one by one, committed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass
class ServedArtifact:
    """One version of an artifact."""

    id: str
    run: str
    """The run that made it, by its id."""
    name: str
    type: str
    aliases: list[str]
    metadata: dict[str, Any]
    files: dict[str, bytes] = field(default_factory=dict)
    committed: bool = False


class ServedArtifacts:
    """All of them, in the order in which they came."""

    def __init__(self) -> None:
        self.versions: list[ServedArtifact] = []

    def of(self, run: str) -> list[ServedArtifact]:
        return [version for version in self.versions if version.run == run]

    def resolve(self, operation: str, variables: Mapping[str, Any], url: str) -> dict[str, Any] | None:
        """The answer to an operation about artifacts; None for any other."""
        match operation:
            case "XXHashDigestsEnabled":
                return {"entity": {"xxhashDigestsEnabled": False}}
            case "CreateArtifact":
                made = self._create(variables["input"])
                created = {"id": made.id, "state": "PENDING", "artifactSequence": {"latestArtifact": None}}
                return {"createArtifact": {"artifact": created}}
            case "CreateArtifactManifest":
                file = {"id": "1", "uploadUrl": f"{url}/upload/{variables['artifactID']}/manifest", "uploadHeaders": []}
                return {"createArtifactManifest": {"artifactManifest": {"id": variables["artifactID"], "file": file}}}
            case "UpdateArtifactManifest":
                id = variables["artifactManifestID"]
                file = {"id": "1", "uploadUrl": f"{url}/upload/{id}/manifest", "uploadHeaders": []}
                return {"updateArtifactManifest": {"artifactManifest": {"id": id, "file": file}}}
            case "CreateArtifactFiles":
                nodes = [{"node": _file(asked, url)} for asked in variables["input"]["artifactFiles"]]
                return {"createArtifactFiles": {"files": {"edges": nodes}}}
            case "CommitArtifact":
                self._version(variables["artifactID"]).committed = True
                return {"commitArtifact": {"artifact": {"digest": "1"}}}
        return None

    def take_file(self, path: str, content: bytes) -> None:
        """What is put at an address given out above."""
        _, _, id, name = path.split("/", 3)
        if name != "manifest":
            self._version(id).files[name] = content

    def _create(self, asked: Mapping[str, Any]) -> ServedArtifact:
        made = ServedArtifact(
            id=f"artifact{len(self.versions)}",
            run=asked["runName"],
            name=asked["artifactCollectionName"],
            type=asked["artifactTypeName"],
            aliases=[alias["alias"] for alias in asked["aliases"]],
            metadata=json.loads(asked["metadata"]),
        )
        self.versions.append(made)
        return made

    def _version(self, id: str) -> ServedArtifact:
        return next(version for version in self.versions if version.id == id)


def _file(asked: Mapping[str, Any], url: str) -> dict[str, Any]:
    path = f"{asked['artifactID']}/{asked['name']}"
    return {
        "storagePath": path,
        "uploadUrl": f"{url}/upload/{path}",
        "uploadHeaders": [],
        "uploadMultipartUrls": None,
        "artifact": {"id": asked["artifactID"]},
    }
