"""`gridbot demo`: a day of the main job in virtual time."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from bot.cli.exchange_options import CrowdChanges, Market, crowd_of
from bot.cli.options import Options
from bot.cli.output import Json, document, say
from bot.errors import GridbotError

if TYPE_CHECKING:
    from collections.abc import Callable

    from bot.cli.rehearsal import Summary
    from bot.settings import Settings

DATABASE = "sqlite:///gridbot-demo.db"
SYMBOL = "text-prime"


def _usd(text: str) -> Decimal:
    """A price given on the command line."""
    from bot.domain.money import decimal_of

    try:
        price = decimal_of(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    if not Decimal("0.10") <= price <= Decimal(10_000):
        raise typer.BadParameter("must be from 0.10 to 10000 USD")
    if price != round(price, 6):
        raise typer.BadParameter("has more than six decimals")
    return price


Demand: TypeAlias = Annotated[
    Path | None, typer.Option(help="Demand trace: client,t_s,requests,tokens or TIMESTAMP,ContextTokens,...")
]
Client: TypeAlias = Annotated[str | None, typer.Option(help="Whose demand to take from a trace of several clients.")]
Prices: TypeAlias = Annotated[Path | None, typer.Option(help="Candle file whose price shape the market follows.")]
MeanPrice: TypeAlias = Annotated[
    Decimal, typer.Option(metavar="USD", parser=_usd, help="Mean price of a unit, which is a million tokens.")
]


def demo(
    ctx: typer.Context,
    *,
    hours: Annotated[int, typer.Option(min=1, max=24 * 366, help="Virtual hours to run.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same run.")] = 1,
    demand: Demand = None,
    client: Client = None,
    prices: Prices = None,
    mean_price: MeanPrice = Decimal("2.00"),
    market: Market = "calm",
    crowd: CrowdChanges = None,
    database_url: Annotated[
        str, typer.Option(help="Where orders, fills and transfers go; emptied first, unless it holds other runs.")
    ] = DATABASE,
    as_json: Json = False,
) -> None:
    """Rehearse a day: the whole bot keeps inference stocked, in virtual time, on a simulated exchange in memory.

    It runs one `replenish`. With `--config FILE` (before `demo`) it runs the strategies of that file instead; inference
    uses up the first market of the first one.
    """
    from bot import logs
    from bot.cli.rehearsal import rehearse
    from bot.clock import SystemClock
    from bot.sim.build import Scenario
    from bot.sim.config import SYMBOLS, VenueConfig

    see_that_a_client_has_a_trace(client, demand)
    logs.configure("error", "auto", SystemClock(), sys.stderr)
    settings = _settings(Options.of(ctx), database_url, mean_price)
    traded = list(dict.fromkeys(symbol for one in settings.strategies for symbol in one.markets))
    scenario = Scenario(
        venue=VenueConfig(symbols=tuple(symbol for symbol in SYMBOLS if symbol in traded) or (SYMBOL,)),
        seed=seed,
        mean_price=mean_price,
        candles=prices,
        crowd=crowd_of(market, crowd),
        demand_symbol=traded[0],
        trace=demand,
        client=client,
    )
    with _progress(f"{hours} virtual hours") as report:
        summary = rehearse(settings, scenario, hours=hours, progress=report)
    if as_json:
        document(asdict(summary))
    else:
        _tell(summary, settings, Options.of(ctx).config)
    if not summary.agrees:
        raise GridbotError("the database does not hold what the exchange shows; please report this with its seed")


def replenishing(symbol: str, mean_price: Decimal) -> dict[str, Any]:
    """The settings of a `replenish` on a market with this mean price, free to pay a quarter more."""
    return {
        "name": f"stock-{symbol}",
        "strategy": "replenish",
        "markets": [symbol],
        "schedule": {"every": "60s"},
        "parameters": {"floor": 5, "target": 15, "max_price": str(round(mean_price * Decimal("1.25"), 2))},
    }


def see_that_a_client_has_a_trace(client: str | None, demand: Path | None) -> None:
    """Raise `typer.BadParameter` where a client is named and no trace to take it from."""
    if client is not None and demand is None:
        raise typer.BadParameter("needs --demand, the trace to take the client from", param_hint="--client")


def _settings(options: Options, database_url: str, mean_price: Decimal) -> Settings:
    """The configured strategies if a configuration was named, else one `replenish`.

    The database is always the demo's own.
    """
    from bot.settings import Settings
    from bot.storage.engine import parse_url

    parse_url(database_url)
    strategy = replenishing(SYMBOL, mean_price)
    chosen: dict[str, Any] = {"strategies": [strategy], "engine": {"poll_seconds": 15}}
    if options.config is not None or options.overrides:
        configured = options.settings(check_strategies=True)
        chosen = {"strategies": configured.strategies or [strategy], "engine": configured.engine}
    return Settings.model_validate(chosen | {"database": {"url": database_url}})


@contextmanager
def _progress(what: str) -> Iterator[Callable[[float], None]]:
    """A progress bar on stderr, if that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn(what), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=1.0)
        yield lambda done: bar.update(task, completed=done)


def _tell(summary: Summary, settings: Settings, config: Path | None) -> None:
    say(f"{summary.seconds // 3600} virtual hours, seed {summary.seed}")
    for one in settings.strategies:
        parameters = ", ".join(f"{name} {value}" for name, value in one.parameters.items())
        say(f"{one.strategy} on {', '.join(one.markets)}: {parameters or 'default parameters'}")
    say("")
    paid = "" if summary.mean_price is None else f" for {summary.units_bought * summary.mean_price:,.2f} USD"
    rows = [
        ("tokens asked for", f"{summary.tokens_asked:,}"),
        ("  served", f"{summary.tokens_served:,} ({100 * summary.share_served:.3f} %)"),
        ("  turned away", f"{summary.tokens_refused:,}, in {_count(summary.stockouts, 'stock-out')}"),
        ("units bought", f"{summary.units_bought:,}{paid}"),
        ("  mean price paid", _price(summary.mean_price)),
        ("  the market's mean", _price(summary.market_mean_price)),
        ("units moved", f"{summary.units_transferred:,} to Consumption"),
        ("units expired", f"{summary.units_expired:,}"),
        ("fills", f"{summary.fills_stored} in the database, {summary.trades_on_exchange} on the exchange"),
        ("transfers", f"{summary.transfers_stored} in the database, {summary.transfers_on_exchange} on the exchange"),
    ]
    for name, value in rows:
        say(f"{name:<22}{value}")
    say(f"\ndatabase: {summary.database_url}\n\nTry next:")
    for command in (
        f"fills --database-url {summary.database_url}",
        f"orders --database-url {summary.database_url}",
        "demo --hours 168 --seed 2",
        f"--config {config or 'config.example.yaml'} paper     the same bot in real time, over HTTP",
    ):
        say(f"  {_program()} {command}")


def _program() -> str:
    """What to type for gridbot: its name, or its path where the shell would not find it."""
    typed = sys.argv[0]
    return typed if Path(typed).name == "gridbot" and not shutil.which("gridbot") else "gridbot"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _price(price: float | None) -> str:
    return "nothing traded" if price is None else f"{price:.4f} USD"
