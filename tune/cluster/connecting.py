"""Ray for a sweep: started on this machine, or a cluster's, joined at its address."""

import ray

from trainable.runs.choosing import DEFAULT_KIND
from tune.cluster.cpu_cores import UsableCores, usable_cores
from tune.cluster.joining import join
from tune.cluster.local_ray import start_ray
from tune.cluster.quiet_ray import OPTIONS, quieten


def connect(address: str | None, run: str = DEFAULT_KIND) -> UsableCores | None:
    """Start Ray on this machine, or join a cluster; a Ray that this process has already, as in a notebook, is used.

    Args:
        run: the name of a kind of run: its code is to travel to the nodes.

    Returns:
        The cores of this machine that Ray was started with.

    Raises:
        UserError: no cluster answers at the address, or Ray cannot be started here.
    """
    quieten()
    if ray.is_initialized() and address is None:
        return None
    if address is None:
        cores = usable_cores()
        start_ray(cores, **OPTIONS)
        return cores
    join(address, run, **OPTIONS)
    return None
