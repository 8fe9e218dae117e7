"""Sends the checkpoints of trials on a node that the sweep's folder does not lie on, in a process of its own there.

It outlives trials and rounds, which end when they have trained, and not when all that they made has been sent.
"""

import shutil

from results.mirror.checkpoint_sender import CheckpointSender
from results.mirror.elsewhere import Elsewhere
from results.mirror.patience import Patience


class Porter:
    """One for each sweep on each such node."""

    def __init__(self, elsewhere: Elsewhere, node: str) -> None:
        elsewhere.remove_earlier()
        self._folder = elsewhere.folder_on(node)
        self._folder.mkdir(parents=True, exist_ok=True)
        # What the store says, the driver hears itself.
        self._sender = CheckpointSender(
            self._folder, elsewhere.store, Patience(lambda sentence: None), {}, removes_sent=True
        )
        self._sender.begin()

    def waiting(self) -> int:
        """How many checkpoints are to be sent."""
        return len(self._sender.waiting())

    def end(self) -> None:
        self._sender.end()
        shutil.rmtree(self._folder, ignore_errors=True)
