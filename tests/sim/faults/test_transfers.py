"""Transfers of which only a part arrives, or nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from bot.clock import SeededIds
from bot.errors import DataError
from bot.sim import state
from bot.sim.audit import check_account
from bot.sim.faults.kinds import FailedTransfer, PartialTransfer
from bot.sim.venue import Venue
from tests.sim.faults.world import FaultyWorld


def send(world: FaultyWorld, quantity: int, way: str = "trading-to-consumption") -> Any:
    return world.alice.post(f"/v1/transfers/{way}", {"instrument_id": world.instrument_id, "quantity": quantity})


def rows(world: FaultyWorld) -> list[tuple[int, str]]:
    return [(row["quantity"], row["status"]) for row in world.alice.get("/v1/transfer-histories").data]


def units(world: FaultyWorld) -> tuple[int, int, int]:
    """In Trading, on their way, and in Consumption."""
    (trading,) = world.alice.get("/v1/trading-accounts?instrument_symbol=text-prime").data
    (consumption,) = world.alice.get(f"/v1/consumption-accounts?instrument_id={world.instrument_id}").data
    return trading["available_balance"], consumption["committed_balance"], consumption["available_balance"]


def audit(world: FaultyWorld) -> None:
    account = world.alice.account
    check_account(account, world.venue.history(account))


def test_a_part_of_a_transfer_arrives_and_the_history_says_so_in_the_end() -> None:
    world = FaultyWorld(PartialTransfer(fraction=Decimal("0.29")))
    assert send(world, 100).json["status"] == "pending"
    assert (rows(world), units(world)) == ([(100, "pending")], (0, 100, 0))
    audit(world)
    world.later(seconds=2)
    assert (rows(world), units(world)) == ([(29, "completed")], (71, 0, 29))
    audit(world)
    assert world.faults.injected == {"partial_transfer": 1}


def test_a_failed_transfer_gives_everything_back() -> None:
    world = FaultyWorld(FailedTransfer(at=(2,)))
    for _ in range(2):
        send(world, 40)
    assert units(world) == (20, 80, 0)
    world.later(seconds=2)
    assert (rows(world), units(world)) == ([(40, "failed"), (40, "completed")], (60, 0, 40))
    (failed,) = world.alice.get("/v1/transfer-histories?status=failed").data
    assert failed["transferred_at"] is not None
    audit(world)
    assert world.faults.injected == {"failed_transfer": 1}


def test_every_transfer_is_an_occasion_for_every_fault_of_transfers() -> None:
    world = FaultyWorld(PartialTransfer(at=(1,)), FailedTransfer(at=(2,)))
    for _ in range(3):
        send(world, 10)
    world.later(seconds=2)
    assert rows(world) == [(10, "completed"), (10, "failed"), (5, "completed")]


def test_a_single_unit_arrives_whole() -> None:
    world = FaultyWorld(PartialTransfer())
    send(world, 1)
    world.later(seconds=2)
    assert (rows(world), units(world)) == ([(1, "completed")], (99, 0, 1))
    assert world.faults.injected == {}


def test_transfers_back_to_trading_and_refused_ones_are_no_occasion() -> None:
    world = FaultyWorld(FailedTransfer(at=(2,)))
    send(world, 10)
    assert send(world, 1000).status == 400
    world.later(seconds=2)
    assert send(world, 5, "consumption-to-trading").status == 202
    world.later(seconds=2)
    assert (rows(world)[0], units(world)) == ((5, "completed"), (95, 0, 5))


def test_units_that_came_back_never_left_as_far_as_positions_go() -> None:
    world = FaultyWorld(FailedTransfer())
    world.bob.order(side="sell", price="2.00", quantity=10)
    world.alice.order(price="2.00", quantity=10)
    send(world, 10)
    world.later(seconds=2)
    (position,) = world.alice.get("/v1/positions").data
    assert (position["quantity"], position["total_cost"]) == (10, "20.00")


@pytest.mark.parametrize("fault", [PartialTransfer(), FailedTransfer()])
def test_a_transfer_comes_to_the_same_end_after_a_restart(fault: PartialTransfer | FailedTransfer) -> None:
    world = FaultyWorld(fault)
    send(world, 10)
    restored = restart(world, state.dump(world.venue))
    world.later(seconds=2)
    world.alice.get("/v1/me")
    restored.advance(world.alice.now)
    for venue in (world.venue, restored):
        (transfer,) = venue.history(venue.accounts["alice"]).transfers
        assert (transfer.quantity, transfer.status) in [(5, "completed"), (10, "failed")]
    again = restart(world, state.dump(restored))
    assert [transfer.status for transfer in again.history(again.accounts["alice"]).transfers] == [transfer.status]


def test_a_file_in_which_more_comes_back_than_went_is_refused() -> None:
    world = FaultyWorld(FailedTransfer())
    send(world, 10)
    dump = state.dump(world.venue).replace(b'"bouncing":10', b'"bouncing":11')
    with pytest.raises(DataError, match="more of a transfer comes back than went"):
        restart(world, dump)


def restart(world: FaultyWorld, dump: bytes) -> Venue:
    return state.restore(dump, world.venue.config, world.alice.now, SeededIds(9))
