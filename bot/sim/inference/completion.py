"""What the simulated model answers: a pure function of what it is asked, and of how many tokens are left for it."""

from __future__ import annotations

from dataclasses import dataclass

from bot.sim.inference.ask import Ask, ToolCall
from bot.sim.inference.tokens import pieces

MAX_OUTPUT_TOKENS = 4096
"""The longest answer."""

NOTHING_SAID = "There is nothing to repeat."
"""The answer where the user said nothing."""


@dataclass(frozen=True, slots=True)
class Completion:
    """An answer.

    Attributes:
        pieces: its tokens: of a text or, where a tool is called, of the call's arguments.
        is_cut: whether it was cut for want of tokens.
        call: the tool called; None: it is a text.
        prompt_tokens: what the prompt counts.
    """

    pieces: tuple[str, ...]
    is_cut: bool
    call: ToolCall | None
    prompt_tokens: int

    @property
    def text(self) -> str:
        """All of it."""
        return "".join(self.pieces)

    @property
    def output_tokens(self) -> int:
        """What the answer counts."""
        return len(self.pieces)

    @property
    def total_tokens(self) -> int:
        """What is metered."""
        return self.prompt_tokens + self.output_tokens


def complete(ask: Ask, available: int) -> Completion:
    """Answer with the user's last words, or with the call that is asked for, in no more than `available` tokens.

    `available` pays for the prompt, too, and must leave something beyond it. A call cannot be cut: where there are too
    few tokens for it, the answer is a text.
    """
    limit = min(available - ask.prompt_tokens, MAX_OUTPUT_TOKENS, ask.max_tokens or MAX_OUTPUT_TOKENS)
    if ask.call is not None:
        arguments = tuple(pieces(ask.call.arguments))
        if len(arguments) <= limit:
            return Completion(arguments, is_cut=False, call=ask.call, prompt_tokens=ask.prompt_tokens)
    words = pieces(ask.last_words) or pieces(NOTHING_SAID)
    return Completion(tuple(words[:limit]), is_cut=len(words) > limit, call=None, prompt_tokens=ask.prompt_tokens)
