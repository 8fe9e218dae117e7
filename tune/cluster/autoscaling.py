"""Whether a cluster brings nodes by itself when they are asked for, as Ray's autoscaler on VMs and KubeRay's do.

A head runs a monitor in any case; what it reports tells whether it may start nodes. Private parts, read in ray 2.60.
"""

import json

import ray
from ray._private.ray_constants import DEBUG_AUTOSCALING_STATUS
from ray.core.generated.autoscaler_pb2 import AutoscalingState, GetClusterStatusReply
from ray.experimental.internal_kv import _internal_kv_get

OF_A_MIRROR = "node_"
"""How the types of nodes are named that a monitor only mirrors, in version 1."""


def is_autoscaled() -> bool:
    """Whether an autoscaler of either version has reported to the cluster."""
    if _state().autoscaler_state_version:
        return True
    status = json.loads(_internal_kv_get(DEBUG_AUTOSCALING_STATUS) or b"{}")
    types = (status.get("autoscaler_report") or {}).get("node_type_mapping") or {}
    return any(not of_node.startswith(OF_A_MIRROR) for of_node in types.values())


def cannot_be_brought(cpus: float, gpus: float) -> bool:
    """Whether the autoscaler says of what waits for so much that it has no node for it; version 1 never says so."""
    wanted = {name: value for name, value in (("CPU", cpus), ("GPU", gpus)) if value}
    refused = (request for gang in _state().infeasible_gang_resource_requests for request in gang.requests)
    return any(dict(request.resources_bundle) == wanted for request in refused)


def _state() -> AutoscalingState:
    reply = GetClusterStatusReply()
    reply.ParseFromString(ray._private.worker.global_worker.gcs_client.get_cluster_status())
    return reply.autoscaling_state
