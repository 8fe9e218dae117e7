"""A sweep on this machine opens no port to the network."""

import ipaddress
import os
import sys
from pathlib import Path

import pytest
from sweep_process import QUADRATIC, epochs_recorded, start_sweep, wait_until

LISTENING = "0A"


def descendants(process: int) -> list[int]:
    children = Path(f"/proc/{process}/task/{process}/children").read_text(encoding="utf-8").split()
    return [process] + [below for child in children for below in descendants(int(child))]


def sockets_of(processes: list[int]) -> set[str]:
    """Inodes of every socket that the processes hold."""
    links = [os.readlink(entry) for number in processes for entry in Path(f"/proc/{number}/fd").iterdir()]
    return {link.removeprefix("socket:[").removesuffix("]") for link in links if link.startswith("socket:[")}


def listening_addresses(processes: list[int]) -> list[ipaddress.IPv4Address | ipaddress.IPv6Address]:
    of_sweep = sockets_of(processes)
    addresses = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text(encoding="utf-8").splitlines()[1:]:
            fields = line.split()
            if fields[3] == LISTENING and fields[9] in of_sweep:
                number = bytes.fromhex(fields[1].partition(":")[0])
                # The kernel prints words of four bytes in the machine's own order.
                words = b"".join(number[index : index + 4][::-1] for index in range(0, len(number), 4))
                addresses.append(ipaddress.ip_address(words))
    return addresses


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_every_port_of_a_sweep_is_on_loopback(tmp_path: Path) -> None:
    running = start_sweep(
        tmp_path, "--name", "local", *QUADRATIC, "--num_samples", 1, "--num_epochs", 60, "--epoch_ms", 300
    )
    wait_until(lambda: epochs_recorded(tmp_path / "local") >= 1, running)
    addresses = listening_addresses(descendants(running.pid))
    running.kill()
    running.communicate()
    assert len(addresses) >= 3
    reachable = [
        a
        for a in addresses
        if not a.is_loopback and not (a.version == 6 and a.ipv4_mapped and a.ipv4_mapped.is_loopback)
    ]
    assert reachable == []
