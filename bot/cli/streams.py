"""Standard input, output and error as commands can rely on them."""

from __future__ import annotations

import io
import os
import sys


def make_usable() -> None:
    """See to it that all three are there, and that no text is too strange to be read or printed.

    One that is closed reads as empty and takes whatever is written; what an encoding does not have becomes a question
    mark, or a mark of its own when it is read.
    """
    for name, flags in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, flags, encoding="utf-8"))  # noqa: PTH123, SIM115 - open to the end
        elif isinstance(stream, io.TextIOWrapper) and name != "stderr":  # which Python has made so already
            stream.reconfigure(errors="replace")
