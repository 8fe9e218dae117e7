"""The quadratic run with test data: how high the walker of a checkpoint stands on another parabola."""

import json
from pathlib import Path

from quadratic_run import OBJECTIVE, Quadratic, QuadraticSettings

from trainable.runs import Baseline, Judged, ScoreParts, WorkerContext

FAILS = "judging_fails"
"""A file in the sweep's folder, with which nothing is judged."""


class JudgedQuadratic(Quadratic):
    def test(self, settings: QuadraticSettings, data: None, context: WorkerContext, checkpoint: Path) -> Judged:
        if (checkpoint.parent.parent / FAILS).exists():
            raise RuntimeError("nobody knows the other parabola\nnor this one")
        place = json.loads((checkpoint / "walker.json").read_text(encoding="utf-8"))["place"]
        height = 1.0 - (place - 0.6) ** 2
        return Judged({OBJECTIVE: height}, ScoreParts("place", (height,), (1.0,)), (Baseline("flat", 0.5, 0.4, 0.6),))


KIND = JudgedQuadratic()
