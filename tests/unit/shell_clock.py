"""The clock that a script of files/ reads."""

import time

CLOCK_REALTIME_COARSE = 5
"""Of linux/time.h; Python has no name for it."""


def this_second() -> int:
    """Now in whole seconds, as bash has it: it asks time(2), a tick of the kernel behind what time.time() asks."""
    return int(time.clock_gettime(CLOCK_REALTIME_COARSE))
