"""The table of a sweep's trials, best first, as people read it: scores to three decimals."""

from rich.table import Table

from results.records import SweepRecord, TrialRecord
from results.shown import shown_value
from trainable import contract

FIRST_TRIAL_MARK = "starting values"


def trial_table(record: SweepRecord) -> Table:
    """One line a trial: rank, number, hyperparameters, score, the epoch it was reached at / the epochs run, status."""
    table = Table(box=None, header_style="bold", pad_edge=False)
    names = list(dict.fromkeys(name for trial in record.trials for name in trial.config))
    for column in ("", "trial", *names, "score", "epoch"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("", no_wrap=True)
    for rank, trial in enumerate(record.ranked(), start=1):
        best = record.best_row(trial)
        table.add_row(
            str(rank),
            str(trial.number),
            *(shown_value(trial.config.get(name, "")) for name in names),
            f"{best[record.metric]:.3f}" if best else "-",
            f"{best[contract.EPOCH] if best else '-'}/{len(trial.rows)}",
            _remark(record, trial),
            style="bold" if rank == 1 else None,
        )
    return table


def _remark(record: SweepRecord, trial: TrialRecord) -> str:
    status = trial.status(record.num_epochs)
    remarks = [] if status == "completed" else [status]
    if trial.number == 0:
        remarks.append(FIRST_TRIAL_MARK)
    return ", ".join(remarks)
