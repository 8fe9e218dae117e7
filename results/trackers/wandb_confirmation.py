"""Which of the closed runs the server is known to hold whole; it may show a run's last rows a moment later.

A server that takes rows but does not tell what it holds is sent the next ones all the same.
"""

from results.trackers.wandb_client import NotTold
from results.trackers.wandb_run import ClosedRun


class Confirmations:
    """Of the runs of one sweep, by their trials' numbers."""

    def __init__(self) -> None:
        self._pending: dict[int, ClosedRun] = {}
        self.lacking: dict[int, str] = {}
        """What the server was found to lack when it was asked again."""
        self.not_told: str | None = None
        """Why the server did not say what it holds when it was asked again."""

    def ask(self, number: int, run: ClosedRun) -> None:
        """Ask for a run that was just closed."""
        try:
            is_whole = run.mark_if_whole()
        except NotTold:
            is_whole = False
        if not is_whole:
            self._pending[number] = run

    def ask_again(self) -> None:
        """Ask for those that are not known to be whole; not on and on, where the server does not tell."""
        try:
            for number, run in self._pending.items():
                if not run.mark_if_whole():
                    self.lacking[number] = run.lacks
        except NotTold as error:
            self.not_told = str(error)


def not_confirmed(cause: str) -> str:
    return f"W&B's server does not tell what it holds ({cause}), so that it holds every epoch could not be confirmed"
