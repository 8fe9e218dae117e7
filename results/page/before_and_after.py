"""What the winner's run showed of its first epoch and of its best one, side by side."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest

from results.analysis.comparison import Comparison
from results.listing.formatting import shown_sample
from results.page.charts.chart import Numbers
from results.record.trial.log import Sample, read_samples
from trainable import contract


@dataclass(frozen=True)
class BeforeAndAfter:
    """A table of samples under a heading."""

    title: str
    reading: str
    table: Numbers


def before_and_after(comparison: Comparison) -> BeforeAndAfter | None:
    """Of the winner's first seed; None where there is no winner, or where it showed nothing of its best epoch."""
    if comparison.winner is None:
        return None
    judged = comparison.winner.counted[0]
    samples = read_samples(judged.trial.folder)
    best = judged.best[contract.EPOCH] if judged.best else 0
    if not samples.get(best):
        return None
    first = min(epoch for epoch, shown in samples.items() if shown)
    table = _side_by_side({epoch: samples[epoch] for epoch in (first, best)})
    after = f"A few samples of trial {judged.trial.number} after epoch"
    if first == best:
        return BeforeAndAfter("What it does", f"{after} {best}, its best.", table)
    return BeforeAndAfter("What it does, before and after", f"{after} {first} and after epoch {best}, its best.", table)


def _side_by_side(epochs: Mapping[int, Sequence[Sample]]) -> Numbers:
    """The samples of epochs in one table; a column that is the same after each of them stands there once."""
    columns: list[list[str]] = []
    for name in dict.fromkeys(name for samples in epochs.values() for name in samples[0]):
        of_epochs = {
            f"{name}, epoch {epoch}": [shown_sample(sample[name]) for sample in samples]
            for epoch, samples in epochs.items()
            if name in samples[0]
        }
        if len(set(map(tuple, of_epochs.values()))) == 1:
            of_epochs = {name: next(iter(of_epochs.values()))}
        columns += [[title, *texts] for title, texts in of_epochs.items()]
    return [*zip_longest(*columns, fillvalue="")]
