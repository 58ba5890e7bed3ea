"""Models for the strategies of a rehearsal to ask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random

from pydantic import SecretStr

from bot.grid.consumption import ConsumptionClient
from bot.grid.strategy_inference import GridInference
from bot.ports import Clock
from bot.ports.inference import Inference
from bot.sim.build import SimExchange
from bot.sim.loopback_web import EXCHANGE_URL, LoopbackWeb


def inference_of(sim: SimExchange, clock: Clock) -> GridInference:
    """The models of a simulated exchange in this process, asked as its user; nothing has to be closed."""
    base_url = f"{EXCHANGE_URL}/v1"
    key = SecretStr(sim.keys.consumption)
    web = LoopbackWeb(sim.inference, clock)
    return GridInference(ConsumptionClient(web, key, base_url=base_url, messages_url=base_url, clock=clock))


ANSWERS = (
    '{"action": "buy", "units": 2, "limit": "2.10", "why": "it goes up"}',
    '{"action": "buy", "units": 1, "limit": "1.97", "why": "it is cheap there"}',
    '{"action": "sell", "units": 1, "limit": "1.95", "why": "it goes down"}',
    '{"action": "sell", "units": 2, "limit": "2.03", "why": "it is dear there"}',
    '{"action": "hold", "why": "nobody knows"}',
    '{"action": "buy", "units": 1000000, "limit": "100", "why": "all of it"}',
    "I would rather talk of something else.",
    None,
)
"""What a model in a rehearsal says: decisions such as `llm_agent` asks for, some beyond all bounds, and nonsense."""


class Fickle:
    """Models that say something else whenever they are asked.

    Args:
        sim: the exchange that they are asked at.
        clock: tells virtual time.
        chance: what they say is drawn from it.
    """

    def __init__(self, sim: SimExchange, clock: Clock, chance: Random) -> None:
        self._model: Inference = inference_of(sim, clock)
        self._inference = sim.inference
        self._chance = chance

    async def complete(self, model: str, messages: Sequence[Mapping[str, str]], *, max_tokens: int) -> str:
        """The model's answer. Raises `ExchangeError` where there is none."""
        self._inference.says = self._chance.choice(ANSWERS)
        return await self._model.complete(model, messages, max_tokens=max_tokens)
