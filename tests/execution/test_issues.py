"""Issues of units: journal first, sent once, settled by list and balance, and moved to Trading whatever happens."""

from __future__ import annotations

import asyncio

import pytest

from bot.domain.intents import Issue
from bot.domain.transfer import TransferState, Way
from bot.errors import ExchangeUnavailable, NotSentError
from bot.execution.planner import Plan
from bot.ports import Request, Response
from tests.execution.steps import buy, incidents, look, moves, own_units, stock, wait
from tests.world import Crash, World

T = TransferState
ISSUED, BROUGHT = "supply-issuances", "issuance-accounts/transfer"
EMPTY = Response(200, {}, b'{"data": [], "paging": {"has_more": false}}')
UNCLEAR = [ConnectionError("dropped"), TimeoutError(), Response(502), Response(201, {}, b"{")]


def issue(world: World, units: int = 5) -> Issue:
    return Issue(world.market.instrument_id, units)


async def states(world: World, way: Way = Way.ISSUE) -> list[TransferState]:
    """Of all issues, or of all that went another way, oldest first."""
    return [move.state for move in reversed(await moves(world)) if move.way is way]


async def look_and_bring(world: World, times: int = 1) -> None:
    """What the daemon does once a settle delay."""
    for _ in range(times):
        await look(world)
        await world.desk.bring_issued()


def in_trading(world: World) -> int:
    return world.account.units[world.market.instrument_id].available


def issued(world: World) -> int:
    """Units that the exchange has ever made for us."""
    return sum(one.quantity for one in world.venue.history(world.account).issuances)


async def test_units_are_journaled_issued_once_and_moved_to_trading_once(world: World) -> None:
    seen: list[tuple[str, TransferState]] = []

    async def look_into_the_journal(request: Request) -> None:
        if request.method == "POST":
            seen.append((request.path.rpartition("/")[2], (await moves(world))[0].state))

    world.transport.before = look_into_the_journal
    await world.desk.issue(issue(world), "s")
    assert await states(world) == [T.PENDING]
    await look_and_bring(world, 4)
    assert seen == [(ISSUED, T.SUBMITTING), ("transfer", T.SUBMITTING)]
    assert (await states(world), await states(world, Way.TO_TRADING)) == ([T.COMPLETED], [T.COMPLETED])
    assert (issued(world), in_trading(world)) == (5, 5)
    assert world.blotter.moves == ()


async def test_a_plan_issues_after_its_cancels_and_before_its_orders(world: World) -> None:
    await world.desk.place(buy(world), "s")
    (order,) = world.blotter.orders
    begun = len(world.transport.sent)
    plan = Plan(cancels=(order.client_order_id,), issues=(issue(world),), orders=(buy(world, 1),))
    await world.desk.carry_out(plan, "s")
    writes = [request for request in world.transport.sent[begun:] if request.method != "GET"]
    assert [(one.method, one.path.split("/")[3]) for one in writes] == [
        ("DELETE", "orders"),
        ("POST", ISSUED),
        ("POST", "orders"),
    ]


async def test_an_issue_that_the_exchange_refuses_is_over(world: World) -> None:
    world.transport.fail("POST", ISSUED, Response(422, {}, b"{}"), applied=False)
    await world.desk.issue(issue(world), "s")
    await look_and_bring(world, 3)
    assert (await states(world), issued(world)) == ([T.REFUSED], 0)


@pytest.mark.parametrize("units", [0, -1])
async def test_an_issue_of_nothing_is_held_back(world: World, units: int) -> None:
    await world.desk.issue(issue(world, units), "s")
    assert await states(world) == []


async def test_whoever_may_not_issue_has_nothing_journaled(world: World) -> None:
    world.account.supplier = False
    await world.desk.issue(issue(world), "s")
    assert (await states(world), world.transport.count("POST", ISSUED)) == ([], 0)


@pytest.mark.parametrize("outcome", UNCLEAR, ids=str)
async def test_an_unclear_issue_that_was_made_is_found_and_moved(world: World, outcome: Exception | Response) -> None:
    world.transport.fail("POST", ISSUED, outcome, applied=True)
    await world.desk.issue(issue(world), "s")
    assert await states(world) == [T.UNKNOWN]
    await look_and_bring(world, 3)
    assert await states(world) == [T.COMPLETED]
    assert (issued(world), in_trading(world), world.transport.count("POST", ISSUED)) == (5, 5, 1)


@pytest.mark.parametrize("outcome", UNCLEAR, ids=str)
async def test_an_unclear_issue_that_was_not_made_is_settled_after_two_looks(
    world: World, outcome: Exception | Response
) -> None:
    world.transport.fail("POST", ISSUED, outcome, applied=False)
    await world.desk.issue(issue(world), "s")
    await look_and_bring(world, 2)
    assert await states(world) == [T.UNKNOWN]
    await look_and_bring(world)
    assert (await states(world), await states(world, Way.TO_TRADING)) == ([T.NOT_SENT], [])


async def test_nothing_is_issued_or_moved_of_an_instrument_of_which_an_issue_is_unclear(world: World) -> None:
    await own_units(world, 5)
    world.transport.fail("POST", ISSUED, TimeoutError(), applied=False)
    await world.desk.issue(issue(world), "s")
    await world.desk.issue(issue(world, 7), "t")
    await world.desk.transfer(stock(world), "s")
    assert len(await moves(world)) == 1


async def test_an_unclear_issue_that_the_balance_shows_stays_unclear_until_the_list_has_it(world: World) -> None:
    world.transport.fail("POST", ISSUED, TimeoutError(), applied=True)
    await world.desk.issue(issue(world), "s")
    for _ in range(8):
        world.transport.fail("GET", ISSUED, EMPTY, applied=False)
    await look_and_bring(world, 8)
    assert await states(world) == [T.UNKNOWN]
    await look_and_bring(world, 2)
    assert (await states(world), in_trading(world), issued(world)) == ([T.COMPLETED], 5, 5)


async def test_units_that_somebody_else_issues_meanwhile_leave_it_to_more_looks(world: World) -> None:
    world.transport.fail("POST", ISSUED, TimeoutError(), applied=False)
    await world.desk.issue(issue(world), "s")
    world.venue.issue(world.account, world.market.instrument_id, 2)
    await look(world, 4)
    assert await states(world) == [T.UNKNOWN]
    await look(world)
    assert await states(world) == [T.NOT_SENT]


@pytest.mark.parametrize("applied", [True, False])
async def test_a_crash_in_an_issue_is_settled_at_the_next_start(world: World, applied: bool) -> None:
    world.transport.fail("POST", ISSUED, Crash(), applied=applied)
    with pytest.raises(Crash):
        await world.desk.issue(issue(world), "s")
    world.restart()
    await world.reconciler.start()
    await look_and_bring(world, 6)
    assert await states(world) == [T.COMPLETED if applied else T.NOT_SENT]
    assert (issued(world), in_trading(world)) == ((5, 5) if applied else (0, 0))


async def test_what_was_issued_before_a_crash_is_moved_after_the_next_start(world: World) -> None:
    await world.desk.issue(issue(world), "s")
    await look(world)
    world.restart()
    wait(world, 7200)
    await world.reconciler.start()
    await world.desk.bring_issued()
    await look(world)
    (moved,) = (move for move in await moves(world) if move.way is Way.TO_TRADING)
    assert (moved.strategy, moved.quantity, moved.state, in_trading(world)) == ("s", 5, T.COMPLETED, 5)


@pytest.mark.parametrize("applied", [True, False])
async def test_a_crash_in_the_move_moves_the_units_once(world: World, applied: bool) -> None:
    await world.desk.issue(issue(world), "s")
    await look(world)
    world.transport.fail("POST", BROUGHT, Crash(), applied=applied)
    with pytest.raises(Crash):
        await world.desk.bring_issued()
    world.restart()
    await world.reconciler.start()
    await look_and_bring(world, 7)
    assert in_trading(world) == 5
    assert await states(world, Way.TO_TRADING) == [T.COMPLETED]
    assert world.transport.count("POST", BROUGHT) == (1 if applied else 2)


@pytest.mark.parametrize("outcome", UNCLEAR, ids=str)
@pytest.mark.parametrize("applied", [True, False])
async def test_an_unclear_move_is_settled_and_made_once(
    world: World, outcome: Exception | Response, applied: bool
) -> None:
    await world.desk.issue(issue(world), "s")
    await look(world)
    world.transport.fail("POST", BROUGHT, outcome, applied=applied)
    await world.desk.bring_issued()
    assert await states(world, Way.TO_TRADING) == [T.UNKNOWN]
    await look_and_bring(world, 6)
    assert (in_trading(world), await states(world, Way.TO_TRADING)) == (5, [T.COMPLETED])


async def test_a_move_that_the_exchange_refuses_is_tried_again_after_a_while(world: World) -> None:
    await world.desk.issue(issue(world), "s")
    await look(world)
    world.transport.fail("POST", BROUGHT, Response(403, {}, b"{}"), applied=False)
    await world.desk.bring_issued()
    await look_and_bring(world, 5)
    assert (await states(world, Way.TO_TRADING), in_trading(world)) == ([T.REFUSED], 0)
    await look_and_bring(world, 2)
    assert (await states(world, Way.TO_TRADING), in_trading(world)) == ([T.REFUSED, T.COMPLETED], 5)


async def test_a_move_waits_until_the_balance_can_be_read(world: World) -> None:
    await world.desk.issue(issue(world), "s")
    await look(world)
    world.transport.fail("GET", "issuance-accounts", ExchangeUnavailable("down"), applied=False)
    await world.desk.bring_issued()
    assert await states(world, Way.TO_TRADING) == []
    await look_and_bring(world, 7)
    assert in_trading(world) == 5


async def test_a_stop_waits_for_a_move_that_is_on_its_way_and_no_other_is_begun(world: World) -> None:
    await world.desk.issue(issue(world), "s")
    await look(world, 2)
    on_its_way, go_on = asyncio.Event(), asyncio.Event()

    async def hold(request: Request) -> None:
        if request.method == "POST":
            on_its_way.set()
            await go_on.wait()

    world.transport.before = hold
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(world.desk.bring_issued())
        await on_its_way.wait()
        stopping = tasks.create_task(world.desk.bring_no_more())
        await asyncio.sleep(0.01)
        assert not stopping.done()
        go_on.set()
    assert await states(world, Way.TO_TRADING) == [T.PENDING]

    await world.desk.issue(issue(world, 7), "s")
    await look_and_bring(world, 4)
    assert await states(world, Way.TO_TRADING) == [T.COMPLETED]


async def test_what_two_strategies_issue_is_moved_for_each(world: World) -> None:
    await world.desk.issue(issue(world), "s")
    await world.desk.issue(issue(world, 7), "t")
    await look_and_bring(world, 2)
    brought = {(move.strategy, move.quantity) for move in await moves(world) if move.way is Way.TO_TRADING}
    assert (brought, in_trading(world)) == ({("s", 5), ("t", 7)}, 12)


async def test_the_same_issue_goes_out_again_under_the_same_key(world: World) -> None:
    world.transport.fail("POST", ISSUED, NotSentError("so it seemed"), applied=True)
    await world.desk.issue(issue(world), "s")
    assert await states(world) == [T.NOT_SENT]
    await world.desk.issue(issue(world), "s")
    await look_and_bring(world, 3)
    assert (await states(world), issued(world), in_trading(world)) == ([T.COMPLETED], 5, 5)


async def test_an_issue_judged_never_sent_that_shows_after_all_is_taken_up_and_moved(world: World) -> None:
    world.transport.fail("POST", ISSUED, NotSentError("so it seemed"), applied=True)
    await world.desk.issue(issue(world), "s")
    await look_and_bring(world, 2)
    assert (await states(world), in_trading(world)) == ([T.COMPLETED], 5)
    assert await incidents(world) == ["late_transfer"]


async def test_a_transfer_to_consumption_is_not_taken_for_an_issue_of_as_many_units(world: World) -> None:
    await own_units(world, 5)
    world.transport.fail("POST", ISSUED, TimeoutError(), applied=False)
    await world.desk.issue(issue(world), "s")
    world.venue.transfer(world.account, world.market.instrument_id, 5)
    await look(world, 3)
    assert await states(world) == [T.NOT_SENT]


async def test_issued_units_that_arrive_do_not_hide_an_unclear_transfer(world: World) -> None:
    await own_units(world, 5)
    await world.desk.issue(issue(world, 20), "s")
    await look(world)
    world.transport.fail("POST", "trading-to-consumption", TimeoutError(), applied=True)
    await world.desk.transfer(stock(world), "s")
    await world.desk.bring_issued()
    assert await states(world, Way.TO_TRADING) == []
    await look_and_bring(world, 2)
    assert (await states(world, Way.TO_CONSUMPTION), in_trading(world)) == ([T.COMPLETED], 20)
