"""A stand-in for a model that can decide, which the simulated exchange does not have."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from bot.ports.inference import Inference

MARGIN = 0.004
"""How far the last close has to be from the mean of the closes, as a share of it, for a decision."""

BABBLES_EVERY = 12
"""Of so many answers one is no decision."""


class StandIn:
    """Answers by a rule: buy below the mean of the last closes, sell above it; and sometimes nonsense.

    The exchange's own model, which repeats what it is told, is asked first, so that tokens are paid for every question.

    Args:
        exchange: the models of the exchange.
    """

    def __init__(self, exchange: Inference) -> None:
        self.asked = 0
        self._exchange = exchange

    async def complete(self, model: str, messages: Sequence[Mapping[str, str]], *, max_tokens: int) -> str:
        """See `Inference.complete`."""
        await self._exchange.complete(model, messages, max_tokens=max_tokens)
        self.asked += 1
        if self.asked % BABBLES_EVERY == 0:
            return "I would rather wait and see."
        return json.dumps(decide(json.loads(messages[-1]["content"])))


def decide(facts: Mapping[str, object]) -> dict[str, object]:
    """A decision from the facts that the agent tells."""
    may, closes = dict(facts["may"]), dict(facts["closes"])  # type: ignore[call-overload]
    seen = next(iter(closes.values()))
    away = seen[-1] / (sum(seen) / len(seen)) - 1 if seen else 0.0
    if away < -MARGIN and facts["ask"] is not None:
        return {"action": "buy", "units": min(5, may["buy"]), "limit": float(str(facts["ask"])), "why": "it is cheap"}
    if away > MARGIN and facts["bid"] is not None and may["sell"] > 0:
        return {"action": "sell", "units": may["sell"], "limit": float(str(facts["bid"])), "why": "it is dear"}
    return {"action": "hold", "why": "the price is near its mean"}
