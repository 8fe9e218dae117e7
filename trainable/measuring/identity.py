"""Which model, data, machine and knobs a store's numbers were measured with.

Two measurements may stand in one table only where all four are the same. Versions of libraries are not among them:
they are told in the store's PROVENANCE.md. How full a store is makes no difference.
"""

import hashlib
import json
import platform
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Facts = Mapping[str, Any]
"""As JSON can hold them."""


@dataclass(frozen=True)
class StoreIdentity:
    """What makes two stores the same one."""

    model: Facts
    """identity (a hash of the checkpoint's files), family"""
    data: Facts
    """name, metric, identity (a hash of questions, answers and images)"""
    machine: Facts
    """device (its name), num_threads (of the CPU), dtype"""
    knobs: Facts
    """names, values, configurations, drop_order, max_new_tokens, num_runs_per_sample, reference_samples,
    latency_source"""

    @property
    def fingerprint(self) -> str:
        """16 hexadecimal digits."""
        return hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()[:16]

    @property
    def seed(self) -> int:
        """Of what is drawn at random and is the same whenever the store is opened."""
        return int(self.fingerprint, 16)

    def differences(self, other: "StoreIdentity") -> list[str]:
        """In what this one, a store's, is not the other, in words."""
        return list(self._differences(other))

    def _differences(self, other: "StoreIdentity") -> Iterator[str]:
        for part, facts in asdict(self).items():
            others = getattr(other, part)
            for name in sorted({*facts, *others}):
                there, here = facts.get(name), others.get(name)
                if _plain(there) != _plain(here):
                    yield _OTHERS.get((part, name), f"{name} of its {part} is {_shown(there)}, not {_shown(here)}")


_OTHERS = {
    ("model", "identity"): "its model has other weights, or another config.json",
    ("data", "identity"): "its questions, answers or images are others, or not so many",
}
"""In words, where hashes differ."""


def machine_facts(device: str, dtype: str, num_threads: int) -> dict[str, Any]:
    """The machine as an identity has it.

    Args:
        device: as torch writes it. num_threads: of the CPU, which computes or feeds a GPU.
    """
    return {"device": _device_name(device), "num_threads": num_threads, "dtype": dtype}


def _device_name(device: str) -> str:
    if device.startswith("cuda"):
        import torch

        return torch.cuda.get_device_name(device)
    if device != "cpu":
        return device
    processors = Path("/proc/cpuinfo")
    text = processors.read_text(encoding="utf-8", errors="replace") if processors.exists() else ""
    name = re.search(r"^model name\s*: *(.+?) *$", text, re.MULTILINE)
    return name[1] if name else platform.machine()


def _plain(value: Any) -> Any:
    """As it is once JSON has held it: a tuple is a list."""
    return json.loads(json.dumps(value))


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."
