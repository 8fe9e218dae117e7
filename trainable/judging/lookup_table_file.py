"""`lookup_table_baseline.json`: what can be had from the profile without a policy, for who evaluates with the original.

The layout is the original's (github.com/ChulanZhang/molmo_hf, experiments/controller/lookup_table_baseline.py), whose
`LookupTableBaselineController.load` reads it:

    config_table    "<tier>_<top_k>_<num_active_blocks>" -> accuracy, latency (ms), num_samples, and both's deviation
    lookup_table    "<budget in ms>" -> a configuration, and what it achieves
    statistics      how many there are, and their ranges
    metadata        aggregation_method, tolerance, use_prefill_only, num_profiling_results

The original's `predict` looks into config_table: the most accurate configuration whose mean latency is at most the
budget times (1 + tolerance). `lookup_table` holds what this project's own baseline takes, by accuracy of the answers
in time, which a mean latency just below the budget does not give.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from trainable.profiles.files import KNOB_NAMES
from trainable.profiles.image_split import TRAIN
from trainable.profiles.table import Profile
from trainable.system_errors import writing

LOOKUP_TABLE_FILE = "lookup_table_baseline.json"


def write_lookup_table(file: Path, profile: Profile, budgets_ms: np.ndarray, chosen: np.ndarray) -> None:
    """Write the table over the profile's training samples.

    Args:
        budgets_ms: [Q].
        chosen: a configuration under each, int [Q].

    Raises:
        DiskError: the file can't be written.
    """
    content = lookup_table(profile, budgets_ms, chosen)
    with writing(file):
        file.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def lookup_table(profile: Profile, budgets_ms: np.ndarray, chosen: np.ndarray) -> dict[str, Any]:
    """What the file holds."""
    rows = profile.samples(TRAIN)
    accuracy, latency_ms = profile.accuracy[rows].astype(np.float64), profile.latency_ms[rows].astype(np.float64)
    measured = np.flatnonzero(profile.measured[rows].any(axis=0))  # configurations
    entries = {
        int(index): {
            "accuracy": float(np.nanmean(accuracy[:, index])),
            "latency": float(np.nanmean(latency_ms[:, index])),
            "num_samples": int(np.count_nonzero(~np.isnan(latency_ms[:, index]))),
            "accuracy_std": float(np.nanstd(accuracy[:, index])),
            "latency_std": float(np.nanstd(latency_ms[:, index])),
        }
        for index in measured
    }
    knobs = {index: _knobs(profile, index) for index in entries}
    accuracies, latencies = (np.array([entry[name] for entry in entries.values()]) for name in ("accuracy", "latency"))
    return {
        # its loader splits the name at underscores
        "config_table": {
            "_".join(str(value).replace("_", "-") for value in knobs[index].values()): entry
            for index, entry in entries.items()
        },
        "lookup_table": {
            str(float(budget_ms)): knobs[int(index)]
            | {name: entries[int(index)][name] for name in ("accuracy", "latency", "num_samples")}
            for budget_ms, index in zip(budgets_ms, chosen, strict=True)
        },
        "statistics": {
            "num_configs": len(entries),
            "num_lookup_entries": len(budgets_ms),
            "latency_range": {"min": float(latencies.min()), "max": float(latencies.max())},
            "accuracy_range": {
                "min": float(accuracies.min()),
                "max": float(accuracies.max()),
                "mean": float(accuracies.mean()),
            },
            "latency_stats": {"mean": float(latencies.mean()), "std": float(latencies.std())},
            "config_distribution": {
                plural: dict(Counter(str(of_one[name]) for of_one in knobs.values()))
                for plural, name in zip(("tiers", *KNOB_NAMES[1:]), KNOB_NAMES, strict=True)
            },
        },
        "metadata": {
            "aggregation_method": "mean",
            "tolerance": 0.0,
            "use_prefill_only": False,
            "num_profiling_results": int(profile.measured[rows].sum()),
            "lookup_table_chosen_by": "accuracy of the answers within the budget, on the training samples",
        },
    }


def _knobs(profile: Profile, configuration: int) -> dict[str, str | int]:
    """Each of the original's knobs; 0 for one that the model lacks."""
    values = dict(zip(profile.grid.names, profile.grid.configurations[configuration], strict=True))
    return {name: values.get(name, 0) for name in KNOB_NAMES}
