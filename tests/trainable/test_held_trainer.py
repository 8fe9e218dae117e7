"""A trainer that owns its loop trains one epoch at a time, and leaves nothing behind."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from trainable.runs.held_trainer import HeldTrainer, TrainerEnded


class Trainer:
    """Counts; may fail in an epoch, and keeps on after any Exception, as careless trainers do."""

    def __init__(self, epochs: int, fails_in: int = 0) -> None:
        self.held = HeldTrainer(self.train)
        self.done, self.was_unwound = 0, False
        self._epochs, self._fails_in = epochs, fails_in

    def train(self) -> None:
        try:
            for epoch in range(1, self._epochs + 1):
                if epoch == self._fails_in:
                    raise FloatingPointError("the loss is nan")
                self.done = epoch
                try:
                    self.held.hold()
                except Exception:
                    continue
        finally:
            self.was_unwound = True


def trainer_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "trainer"]


def test_a_trainer_trains_one_epoch_for_each_that_is_asked_for() -> None:
    trainer = Trainer(epochs=5)
    assert trainer.done == 0, "nothing is trained before the first epoch is asked for"
    for epoch in (1, 2, 3):
        trainer.held.advance()
        assert trainer.done == epoch
    trainer.held.close()
    assert (trainer.done, trainer.was_unwound, trainer_threads()) == (3, True, [])


def test_what_a_trainer_raises_is_raised_in_the_epoch_that_it_failed_in() -> None:
    trainer = Trainer(epochs=5, fails_in=2)
    trainer.held.advance()
    with pytest.raises(FloatingPointError, match="the loss is nan"):
        trainer.held.advance()
    trainer.held.close()
    assert trainer_threads() == []


def test_a_trainer_that_ends_early_is_told_of_and_never_waited_for() -> None:
    trainer = Trainer(epochs=1)
    trainer.held.advance()
    for _ in range(2):
        with pytest.raises(TrainerEnded, match="as many epochs as the sweep has"):
            trainer.held.advance()
    trainer.held.close()
    assert trainer_threads() == []


def test_a_trainer_that_never_began_is_closed_at_once() -> None:
    trainer = Trainer(epochs=1)
    trainer.held.close()
    assert not trainer.was_unwound


def test_a_failure_while_it_is_unwound_is_not_swallowed() -> None:
    def train() -> None:
        try:
            held.hold()
        finally:
            raise OSError("the last log cannot be written")

    held = HeldTrainer(train)
    held.advance()
    with pytest.raises(OSError, match="the last log"):
        held.close()
    assert trainer_threads() == []


def test_closing_while_an_epoch_is_trained_ends_with_that_epoch() -> None:
    """As after an interrupt: whoever waited for the epoch does so no more, and the trainer does not hold yet."""
    is_training, may_end = threading.Event(), threading.Event()

    def train() -> None:
        is_training.set()
        may_end.wait()
        held.hold()

    held = HeldTrainer(train)
    with ThreadPoolExecutor() as others:
        waiting = others.submit(held.advance)
        is_training.wait()
        closing = others.submit(held.close)
        may_end.set()
        closing.result()
        assert trainer_threads() == []
        assert isinstance(waiting.exception(), TrainerEnded | None)
