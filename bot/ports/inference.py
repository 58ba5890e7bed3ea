"""Inference, as strategies ask for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol


class Inference(Protocol):
    """A model that is asked through the exchange, and paid for with units of Consumption."""

    async def complete(self, model: str, messages: Sequence[Mapping[str, str]], *, max_tokens: int) -> str:
        """The model's answer, as text.

        Args:
            model: an instrument's symbol, such as `text-prime`.
            messages: what was said so far: `{"role": "system" | "user" | "assistant", "content": text}` each.
            max_tokens: the longest answer.

        Raises:
            ExchangeError: there is no answer; `NoStock` where Consumption holds nothing to pay it with.
        """
        ...
