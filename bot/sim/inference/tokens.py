"""How the simulated supplier counts tokens: by a rule that can be followed by hand."""

from __future__ import annotations

import re

_PIECE = re.compile(r"\s*(?:\w{1,8}|[^\w\s])")


def pieces(text: str) -> list[str]:
    """The tokens of a text.

    A token is up to eight letters, digits or underscores in a row, or one other character; blanks belong to the token
    after them, and blanks at the end to none. Joined they give the text back, but for the blanks at its end.
    """
    return _PIECE.findall(text.rstrip())  # stripped, every run of blanks leads to a token: no search starts in vain
