"""A trainer that owns its loop, as many libraries' do, made to train one epoch at a time.

A sweep asks a run for one epoch after another; a trainer's `train()` returns when all is done. So `train()` runs in a
thread of its own, and the trainer, through whatever it calls back at the end of an epoch, calls `hold` there:

    class MyRun(Run):
        def __init__(self, settings, data, context):
            trainer = Trainer(..., when_an_epoch_ends=lambda: self._held.hold())
            self._held = HeldTrainer(trainer.train)

        def step(self):
            self._held.advance()                # returns when the epoch has ended
            return {"Val/Score": ...}           # the trainer stands still: its model can be judged, and saved

        def close(self):
            self._held.close()

Only one of the two threads runs at any time, so nothing needs a lock. A trainer that resumes does so before it first
holds: let it hold where its training begins, too, and `advance` to there as the run is loaded.
"""

import threading
from collections.abc import Callable


class TrainerEnded(RuntimeError):
    """The trainer's loop was over before the sweep was."""


class _Leave(BaseException):
    """Unwinds the trainer's loop; no Exception, which a trainer may catch and go on."""


class HeldTrainer:
    """A trainer's loop in a thread that runs only while `advance` waits for it.

    Args:
        train: the whole loop; it calls `hold` wherever it is to stand still.
    """

    def __init__(self, train: Callable[[], object]) -> None:
        self._train = train
        self._thread: threading.Thread | None = None
        self._may_go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._is_leaving = self._has_ended = False
        self._error: BaseException | None = None

    def hold(self) -> None:
        """Stand still until the next `advance`. To be called in the trainer's thread; does not return after `close`."""
        if not self._is_leaving:
            self._stands.release()
            self._may_go.acquire()
        if self._is_leaving:
            raise _Leave

    def advance(self) -> None:
        """Let the trainer go on, from its beginning the first time, and wait until it holds again.

        Raises:
            TrainerEnded: it ended instead.
            BaseException: what the trainer raised, as it was.
        """
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="trainer", daemon=True)
            self._thread.start()
            self._stands.acquire()
        elif not self._has_ended:
            self._may_go.release()
            self._stands.acquire()
        self._raise_error()
        if self._has_ended:
            raise TrainerEnded(
                "the trainer's loop is over, and the sweep's is not; let it train for as many epochs as the sweep has"
            )

    def close(self) -> None:
        """Unwind the trainer's loop from where it holds, and wait until its thread is gone.

        Raises:
            BaseException: what the trainer raised as it was unwound.
        """
        if self._thread is None:
            return
        self._is_leaving = True
        self._may_go.release()
        self._thread.join()
        self._raise_error()

    def _run(self) -> None:
        try:
            self._train()
        except _Leave:
            pass
        except BaseException as error:  # the thread's border: raised again where the run waits
            self._error = error
        self._has_ended = True
        self._stands.release()

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error:
            raise error
