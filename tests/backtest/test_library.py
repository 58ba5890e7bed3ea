"""The library's strategies in back-tests: they trade, their books add up, and they keep their promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from itertools import accumulate, islice
from pathlib import Path
from typing import TypeAlias

import pytest

from bot import Fill, Strategy
from bot.backtest import Backtest, BacktestResult, FillRules, History, generated
from bot.candle_file import read_rows
from bot.domain.candle import Candle, Resolution
from bot.domain.money import ZERO, price_on_tick, usd_of
from bot.domain.order import Side
from bot.errors import StrategyError
from bot.sim.traces import DemandTrace
from strategies.batch_capacity import BatchCapacity
from strategies.dip_buyer import DipBuyer
from strategies.market_maker import MarketMaker
from strategies.replenish import Replenish
from strategies.sma_cross import SmaCross
from strategies.twap import Twap
from tests.backtest.worlds import MARKET

CASH = Decimal(1000)
CAP = Decimal("2.40")
MINUTE = timedelta(minutes=1)
RULES = FillRules(spread=1, fee=Decimal("0.001"))
SCALE = Decimal("0.000043")
"""What makes of a price in the file one of about 2 USD."""

Run: TypeAlias = Callable[[Strategy], BacktestResult]


@pytest.fixture(scope="module", params=["generated", "real"])
def history(request: pytest.FixtureRequest) -> History:
    """Half a day that is made up, and the first half day of the real candles."""
    if request.param == "generated":
        return generated(720, volatility=0.004, market=MARKET)
    path = request.getfixturevalue("shared") / "data/candles/btc_perp_1m.csv.gz"
    return History.of(MARKET, real_candles(path, 720), Resolution.M1)


def real_candles(path: Path, count: int) -> list[Candle]:
    """The first candles of a file; reading all of it would take longer than all back-tests here."""
    found = []
    for _, row in islice(read_rows(path), count):
        first, high, low, last = (
            price_on_tick(one * SCALE, MARKET.tick) for one in (row.open, row.high, row.low, row.close)
        )
        found.append(Candle(row.at, first, high, low, last, 100))
    return found


@pytest.fixture
def run(history: History) -> Run:
    """Back-tests a strategy that ticks every minute, with demand of 6 units an hour."""
    demand = DemandTrace(600, (1_000_000,))

    def do(strategy: Strategy) -> BacktestResult:
        schedule = MINUTE if strategy.overrides("on_tick") else None
        return Backtest(strategy, history, cash=CASH, rules=RULES, schedule=schedule, demand=demand).run()

    return do


def see_that_the_books_add_up(result: BacktestResult) -> None:
    """Cash and units are what the fills make of those at the beginning, and no unit is lost on its way."""
    assert result.fills
    paid = sum((fill.notional * sign(fill.side) + fill.fee for fill in result.fills), ZERO)
    assert usd_of(int(result.cash[-1])) == CASH - paid
    moved = sum(sign(fill.side) * fill.quantity for fill in result.fills) - int(result.position[-1])
    use = result.inference
    assert moved * 1_000_000 == use.received
    assert 0 <= use.received - use.served - use.expired - int(result.stock[-1]) * 1_000_000 < 1_000_000
    assert (result.cash >= 0).all()
    assert (result.position >= 0).all()


def sign(side: Side) -> int:
    return 1 if side is Side.BUY else -1


def holdings(result: BacktestResult) -> list[int]:
    """Units bought less units sold, after each fill."""
    return list(accumulate(sign(fill.side) * fill.quantity for fill in result.fills))


def test_sma_cross_holds_its_size_or_nothing(run: Run) -> None:
    result = run(SmaCross(size=7, fast=5, slow=20))
    see_that_the_books_add_up(result)
    assert set(holdings(result)) == {0, 7}


def test_dip_buyer_holds_no_more_than_its_lots_and_sells_at_a_profit_or_out_of_patience(run: Run) -> None:
    patience = timedelta(hours=1)
    result = run(DipBuyer(lot=4, lots=2, window=20, drop=Decimal("0.006"), patience=patience))
    see_that_the_books_add_up(result)
    assert max(holdings(result)) <= 8
    lots: list[Fill] = []
    for fill in result.fills:
        if fill.side is Side.BUY:
            lots.append(fill)
            continue
        mean = sum((lot.notional for lot in lots), ZERO) / sum(lot.quantity for lot in lots)
        assert fill.price >= mean * Decimal("1.02") or fill.executed_at - lots[-1].executed_at >= patience
        assert fill.quantity == sum(lot.quantity for lot in lots)
        lots.clear()
    assert {fill.side for fill in result.fills} == {Side.BUY, Side.SELL}


def test_twap_buys_its_quantity_evenly_in_time_and_under_its_limit(run: Run, history: History) -> None:
    result = run(Twap(quantity=60, duration=timedelta(hours=5), limit=CAP, slices=10))
    see_that_the_books_add_up(result)
    first = result.fills[0].executed_at
    assert sum(fill.quantity for fill in result.fills) == 60
    assert result.fills[-1].executed_at - first <= timedelta(hours=5)
    assert max(fill.price for fill in result.fills) <= CAP
    for part in range(1, 10):
        done = sum(fill.quantity for fill in result.fills if fill.executed_at - first < part * timedelta(minutes=30))
        assert 6 * part - 6 <= done <= 6 * part


def test_replenish_serves_inference_owns_no_more_than_its_target_and_pays_no_more_than_its_cap(run: Run) -> None:
    result = run(Replenish(floor=14, target=36, lot=4, max_price=CAP))
    see_that_the_books_add_up(result)
    assert (result.position + result.stock <= 36).all()
    assert all(fill.side is Side.BUY and fill.price <= CAP for fill in result.fills)
    assert result.inference.served_share is not None
    assert result.inference.served_share > 0.98


def test_replenish_goes_short_rather_than_pay_more_than_its_cap(run: Run) -> None:
    result = run(Replenish(max_price=Decimal("1.00")))
    assert result.fills == ()
    assert result.inference.served == 0


def test_batch_capacity_has_its_units_for_the_job_and_moves_them_no_sooner(run: Run, history: History) -> None:
    deadline = timedelta(hours=6)
    result = run(BatchCapacity(units=50, max_price=CAP, deadline=deadline, ahead=10 * MINUTE))
    see_that_the_books_add_up(result)
    assert sum(fill.quantity for fill in result.fills) == 50
    assert max(fill.price for fill in result.fills) <= CAP
    moved = int((result.stock > 0).argmax())
    assert int(history.end[moved] - history.end[0]) == (deadline - 10 * MINUTE) // timedelta(microseconds=1) * 1000
    assert result.stock[moved] == 50


def test_a_strategy_that_reads_the_order_book_is_refused_with_what_to_do_instead(run: Run) -> None:
    with pytest.raises(StrategyError, match="rehearse it instead"):
        run(MarketMaker())
