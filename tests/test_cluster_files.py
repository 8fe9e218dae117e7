"""The files that docs/cluster.md gives for clusters which are not at hand here: what reads them would take them."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config
from sweep_process import ROOT

from tune.request.command_line import parse_command_line

FILES = ROOT / "docs" / "cluster"
SCHEMA = Path(__file__).parent / "support" / "kuberay" / "rayjob-v1.schema.json"
PAGES = (ROOT / "docs" / "cluster.md", ROOT / "docs" / "slurm.md", FILES / "rayjob.yaml")
SWEEP = re.compile(r"(?:docs/cluster/begin_or_resume\.sh|python tune/run_sweep\.py) ([^\n'`]*(?:\n +--[^\n]*)?)")


def read(file: str) -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load((FILES / file).read_text(encoding="utf-8"))
    return content


def closed(schema: Any) -> Any:
    """The schema, to which a name that it does not know is a mistake, as it is to the server."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {name: closed(part) for name, part in schema.items()}
    names_all = "properties" in schema and "x-kubernetes-preserve-unknown-fields" not in schema
    return inner | ({"additionalProperties": False} if names_all else {})


@pytest.fixture(scope="module")
def rayjob_schema() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(closed(json.loads(SCHEMA.read_text(encoding="utf-8"))))


def test_the_manifest_is_a_rayjob_by_the_schema_of_kuberay(
    rayjob_schema: jsonschema.Draft202012Validator,
) -> None:
    rayjob_schema.validate(read("rayjob.yaml"))


@pytest.mark.parametrize(("place", "value"), [("rayStartParams", {"num-cpus": 0}), ("raystartparams", {})])
def test_a_misspelt_or_mistyped_manifest_would_be_seen(
    rayjob_schema: jsonschema.Draft202012Validator, place: str, value: Any
) -> None:
    manifest = read("rayjob.yaml")
    manifest["spec"]["rayClusterSpec"]["headGroupSpec"][place] = value
    with pytest.raises(jsonschema.ValidationError):
        rayjob_schema.validate(manifest)


def test_trials_run_on_workers_that_are_started_for_them() -> None:
    """In both files the head has no CPUs, and there is no worker before a trial waits for one."""
    cluster = read("rayjob.yaml")["spec"]["rayClusterSpec"]
    (workers,) = cluster["workerGroupSpecs"]
    assert cluster["enableInTreeAutoscaling"]
    assert cluster["headGroupSpec"]["rayStartParams"]["num-cpus"] == "0"
    assert (workers["replicas"], workers["minReplicas"]) == (0, 0)
    machines = read("ray_up.yaml")["available_node_types"]
    assert machines["head"]["resources"] == {"CPU": 0}
    assert machines["worker"]["min_workers"] == 0
    assert "InstanceMarketOptions" not in machines["head"]["node_config"]


def test_rays_launcher_takes_the_description_of_virtual_machines() -> None:
    prepared = prepare_config(read("ray_up.yaml"))
    validate_config(prepared)
    assert prepared["available_node_types"]["worker"]["max_workers"] == 8
    assert prepared["head_start_ray_commands"][-1].startswith("ulimit -n 65536; ray start --head")


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.name)
def test_every_sweep_that_the_pages_start_has_flags_that_there_are(file: Path) -> None:
    begun = [shlex.split(line, comments=True) for line in SWEEP.findall(file.read_text(encoding="utf-8"))]
    assert begun or file.name == "slurm.md"
    for words in begun:
        if not words[0].startswith("--"):
            storage, name, *flags = words
            words = ["--storage_path", storage, "--name", name, *flags]
        parse_command_line(words)
