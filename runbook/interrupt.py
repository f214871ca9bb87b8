"""Ctrl-C always ends a run, with one sentence."""

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
    finally:
        sys.unraisablehook = previous
