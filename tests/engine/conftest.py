"""The world of the execution tests."""

from tests.execution.conftest import world

__all__ = ["world"]
