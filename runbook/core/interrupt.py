"""Who ends a run from outside: Ctrl-C with one sentence, a reader that has gone (`inv ... | head -1`) with none."""

import os
import select
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from runbook.errors import RunbookError

AGAIN_SECONDS = 0.05


class Interrupted(RunbookError):
    """The operator ended the run."""

    exit_code = 128 + signal.SIGINT


class Unread(RunbookError):
    """Nobody reads what the run says."""

    def __init__(self) -> None:
        super().__init__("")
        # What Python still has to write at its end goes nowhere, instead of failing once more.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def interruptible(*, resumable: bool) -> Iterator[None]:
    """Turn Ctrl-C into Interrupted, wherever in Python it falls; `resumable` says that another run finishes this one.

    Python prints an exception that is raised in a finalizer, and goes on (documentation of sys.unraisablehook). A
    Ctrl-C that falls there is sent again, moments later.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    previous = sys.unraisablehook

    def send_again(lost: "sys.UnraisableHookArgs") -> None:
        if lost.exc_type is not KeyboardInterrupt:
            previous(lost)
            return
        # To the main thread itself: any other would leave it waiting where it waits.
        to_main = threading.main_thread().ident, signal.SIGINT
        again = threading.Timer(AGAIN_SECONDS, signal.pthread_kill, to_main)
        again.daemon = True
        again.start()

    sys.unraisablehook = send_again
    try:
        yield
    except KeyboardInterrupt:
        hint = ": run the same command again to finish it" if resumable else ""
        raise Interrupted(f"interrupted{hint}") from None
    except BrokenPipeError:
        if _is_read(sys.stdout.fileno()):
            raise
        raise Unread from None
    finally:
        sys.unraisablehook = previous


def _is_read(descriptor: int) -> bool:
    """Whether somebody may still read what is written there; poll(2): POLLERR where the read end is closed."""
    poll = select.poll()
    poll.register(descriptor, 0)
    return not any(events & select.POLLERR for _, events in poll.poll(0))
