"""Whether a mysqld greets who connects, bounded: a session through SSH would hang with a hung mysqld."""

SECONDS = 3
TIMED_OUT = "124"  # what timeout(1) exits with
SILENCE = f"it accepts connections and says nothing for {SECONDS} s"


def question(address: str, port: int, seconds: float = SECONDS) -> str:
    """Asked of a host; answered with 0, TIMED_OUT or another number."""
    greeted = f"exec 3<>/dev/tcp/{address}/{port} && IFS= read -r -n 1 -u 3"
    return f"timeout {seconds:g} bash -c '{greeted}' 2>/dev/null; echo $?"
