"""The record of a long sweep without running it: a small one that was run, and trials like its own added."""

import json
import math
import random
from pathlib import Path
from typing import Any

from growth.trivial_run import OBJECTIVE

RUNGS = (1, 3, 9)
"""Where trials wait; of each three that come there one goes on."""
METRICS = 16
"""Of each row besides the objective, as the default run has them."""


def enlarge(folder: Path, trials: int, epochs: int) -> None:
    """Add trials until there are so many, as promotion leaves them: most wait at a rung.

    Args:
        folder: of a sweep of the trivial run that has ended, of so many epochs.
    """
    proposed = json.loads((folder / "proposed.json").read_text(encoding="utf-8"))
    draw = random.Random(trials)
    rows = [len(file.read_bytes().splitlines()) for file in folder.glob("trial_*/result.json")]
    arrival = sum(rows)
    for number in range(proposed["trials"], trials):
        arrival = _add(folder / f"trial_{number:05d}", draw, epochs, arrival)
    (folder / "proposed.json").write_text(json.dumps(proposed | {"trials": trials}), encoding="utf-8")
    sweep = (folder / "sweep.yaml").read_text(encoding="utf-8")
    lines = [f"num_samples: {trials}" if line.startswith("num_samples:") else line for line in sweep.splitlines()]
    (folder / "sweep.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _add(folder: Path, draw: random.Random, epochs: int, arrival: int) -> int:
    """The arrival of the next row."""
    folder.mkdir()
    config = {"across": draw.random(), "along": draw.random(), "scale": 10 ** draw.uniform(-3, 3)}
    top = math.exp(-((config["across"] - 0.7) ** 2) - (config["along"] - 0.3) ** 2)
    came_to = next((rung for rung in RUNGS if rung < epochs and draw.random() > 1 / 3), epochs)
    rows: list[dict[str, Any]] = []
    for epoch in range(1, came_to + 1):
        row = {f"Train/Metric_{index}": draw.random() for index in range(METRICS)}
        row |= {
            "training_iteration": epoch, OBJECTIVE: top * (1 - math.exp(-epoch)), "done": came_to == epochs == epoch,
            "timestamp": 1_800_000_000 + arrival, "time_this_iter_s": 0.1, "time_total_s": 0.1 * epoch,
            "config": config, "checkpointed": True, "arrival": arrival, "sweep_time_s": 0.1 * arrival,
            "trial_id": "0_1", "date": "2027-01-15_08-00-00", "pid": 1, "hostname": "here", "node_ip": "127.0.0.1",
        }  # fmt: skip
        rows.append(row | ({"paused": "rung"} if epoch == came_to < epochs else {}))
        arrival += 1
    promotions = [{"epoch": rung, "arrival": arrival} for rung in RUNGS if rung < came_to]
    contents = {
        "params.json": json.dumps(config),
        "proposal.json": json.dumps({"by": "random"}),
        "result.json": "".join(json.dumps(row) + "\n" for row in rows),
        **({"promotions.json": json.dumps({"promotions": promotions})} if promotions else {}),
        ".tensorboard_epochs": str(came_to),
    }
    for name, text in contents.items():
        (folder / name).write_text(text, encoding="utf-8")
    for epoch in range(max(1, came_to - 1), came_to + 1):
        checkpoint = folder / f"checkpoint_{epoch:06d}"
        checkpoint.mkdir()
        (checkpoint / "epoch.json").write_text(json.dumps(epoch), encoding="utf-8")
    return arrival
