"""`gridbot exchange serve` before it serves anything."""

from __future__ import annotations

from tests.cli.conftest import Gridbot


def test_a_client_without_a_trace_to_take_it_from_is_refused(gridbot: Gridbot) -> None:
    result = gridbot("exchange", "serve", "--client", "ann")
    assert (result.status, result.out) == (2, "")
    assert "needs --demand" in result.err
