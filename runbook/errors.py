"""What an operator is told when something is wrong: what was found, what was done, what to do next."""


class RunbookError(Exception):
    """Ends a task with `exit_code`; each argument is one line of the operator's message, never a secret."""

    exit_code = 1

    def __init__(self, *lines: str) -> None:
        super().__init__("\n".join(lines))


class BadInput(RunbookError):
    """The operator's input (hosts.env, a flag, an answer) cannot be used; nothing was done."""

    exit_code = 2


class NotSo(RunbookError):
    """What was asked for is not so; everything about it has been said."""


class Drift(RunbookError):
    """A dry run found something to do; everything about it has been said."""

    exit_code = 3


class HostError(RunbookError):
    """One host could not do, or did not do, what it was asked; the message starts with its name."""

    def __init__(self, host: str, *lines: str) -> None:
        self.host = host
        first, *rest = lines
        super().__init__(f"{host}: {first}", *rest)
