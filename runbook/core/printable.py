"""Data on a terminal: control characters are shown and not obeyed, so that no key, row or error text forges a line."""


def printable(text: str) -> str:
    """Returns the text with every character that prints nothing, but for ends of lines and tabs, as its escape."""
    return "".join(each if each.isprintable() or each in "\n\t" else ascii(each)[1:-1] for each in text)
