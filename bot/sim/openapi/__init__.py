"""What the simulated exchange serves over HTTP, described in OpenAPI 3.1."""

from bot.sim.openapi.document import describe

__all__ = ["describe"]
