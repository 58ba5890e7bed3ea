"""Inference at the simulated exchange: the Consumption API, and the supplier that its redirects lead to."""

from bot.sim.inference.api import InferenceAnswer, InferenceApi

__all__ = ["InferenceAnswer", "InferenceApi"]
