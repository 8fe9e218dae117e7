"""What every command has in common: how it prints, and how it answers a mistake: in one sentence, with status 2.

What is printed is never worth a sweep: what the reader of a pipe, a disk or a terminal does not take is dropped, and
a character that it cannot show is replaced. Imports the standard library alone, so that `--help` is instant.
"""

import errno
import functools
import io
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from typing import Any, TextIO

from trainable.contract import UserError
from trainable.system_errors import in_words, refusal_in
from trainable.terminal.text import printable

Main = Callable[[list[str]], int]

READER_GONE = 128 + signal.SIGPIPE
"""The status of a command that such a reader has ended, as shells give it."""


def command(name: str, interrupted: str = "interrupted", *, prints_results: bool = False) -> Callable[[Main], Main]:
    """Decorate a command's `main`, from arguments to the exit status: 2 on a UserError, 130 on Ctrl-C.

    What the system refuses (no memory, too many open files) is answered as a mistake is, wherever it happens.

    Args:
        interrupted: what to say on Ctrl-C.
        prints_results: whether it has failed when what it prints was not taken; others go by what they did.
    """

    def decorate(main: Main) -> Main:
        @functools.wraps(main)
        def answered(arguments: list[str]) -> int:
            with _lasting_streams() as stdout:
                try:
                    status, is_for_reading = main(arguments), prints_results
                except SystemExit as end:  # argparse, after what --help or --version asked for
                    if end.code:
                        raise
                    status, is_for_reading = 0, True
                except UserError as error:
                    print(f"{name}: {printable(str(error))}", file=sys.stderr)
                    return 2
                except OSError as error:
                    refusal = refusal_in(error)
                    if refusal is None:
                        raise
                    print(f"{name}: {printable(in_words(refusal))}", file=sys.stderr)
                    return 2
                except KeyboardInterrupt:
                    print(f"{name}: {interrupted}", file=sys.stderr)
                    return 130
                sys.stdout.flush()
                if not is_for_reading or not stdout or not stdout.refusal:
                    return status
                if isinstance(stdout.refusal, BrokenPipeError):
                    return READER_GONE
                reason = os.strerror(stdout.refusal.errno or 0)
                print(f"{name}: what it prints could not be written ({reason}); send it elsewhere", file=sys.stderr)
                return 2

        return answered

    return decorate


class _Output(io.FileIO):
    """A descriptor for what is printed, which takes everything and drops what it cannot write."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor, "wb", closefd=False)
        self.refusal: OSError | None = None
        """The first reason why something was dropped."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            self.refusal = self.refusal or error
            return memoryview(data).nbytes


@contextmanager
def _lasting_streams() -> Iterator[_Output | None]:
    """Standard streams that nothing ends, in the block; what has become of stdout, but where it has no descriptor."""
    _occupy_standard_descriptors()
    out, stdout = _lasting(sys.stdout, 1)
    _, stderr = _lasting(sys.stderr, 2)
    with redirect_stdout(stdout), redirect_stderr(stderr):
        try:
            yield out
        finally:
            stdout.flush()
            stderr.flush()


def _occupy_standard_descriptors() -> None:
    """Else the first file to be opened gets the number of a stream that was closed (`>&-`), and what goes there."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stdin is None:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)), encoding="utf-8")


def _lasting(stream: TextIO | None, descriptor: int) -> tuple[_Output | None, TextIO]:
    """A stream in the place of that one, which is None where it was closed, and the descriptor below it."""
    if stream is None:
        output = _Output(descriptor)
        output.refusal = OSError(errno.EBADF, os.strerror(errno.EBADF))
        return output, io.TextIOWrapper(io.BufferedWriter(output), encoding="utf-8", errors="replace")
    try:
        output = _Output(stream.fileno())
    except io.UnsupportedOperation:  # a stream in memory
        return None, stream
    stream.flush()
    is_terminal = stream.isatty()
    return output, io.TextIOWrapper(
        io.BufferedWriter(output), encoding=stream.encoding, errors="replace", line_buffering=is_terminal
    )
