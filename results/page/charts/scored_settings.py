"""The settings of a sweep that have a score, as the charts of its space want them."""

from dataclasses import dataclass

from results.analysis.findings import Findings
from results.analysis.hyperparameters import Hyperparameter, varied_hyperparameters
from results.analysis.seed_groups import SeedGroup
from results.listing.formatting import metric_name

FEWEST_SETTINGS = 3
"""Below it, there is nothing to see in a space."""


@dataclass(frozen=True)
class ScoredSettings:
    """Every setting with a score, worst first so that the best is drawn on top, and what varied among them."""

    findings: Findings
    groups: tuple[SeedGroup, ...]
    varied: tuple[Hyperparameter, ...]

    @property
    def scores(self) -> list[float]:
        return [group.score.mean for group in self.groups if group.score]

    @property
    def score_name(self) -> str:
        return metric_name(self.findings.comparison.metric)

    def trial(self, place: int) -> int:
        return self.groups[place].trials[0].trial.number


def scored_settings(findings: Findings) -> ScoredSettings | None:
    """None of a sweep that tried too few settings."""
    groups = tuple(group for group in reversed(findings.comparison.groups) if group.score)
    varied = tuple(varied_hyperparameters([group.setting for group in groups], findings.comparison.space))
    return ScoredSettings(findings, groups, varied) if len(groups) >= FEWEST_SETTINGS and varied else None
