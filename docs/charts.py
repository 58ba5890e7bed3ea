"""Makes the charts of the library's strategies, each from a run on the shared data: `make charts`.

    python docs/charts.py ../shared [NAME ...]

Strategies that need one market's candles and no more are back-tested; those that need several markets, an order book,
issues or a model run as whole bots on the simulated exchange, in virtual time. The figures that the pages tell are
printed beside.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from bot import logs
from bot.clock import SystemClock
from docs.charting import backtested, rehearsed
from docs.charting.data import Shared
from docs.charting.panels import Chart

FOLDER = Path(__file__).resolve().parent / "strategies"

MAKERS: tuple[Callable[[Shared], Chart], ...] = (
    backtested.replenish,
    backtested.batch_capacity,
    rehearsed.tier_switch,
    backtested.twap,
    backtested.dip_buyer,
    backtested.sma_cross,
    rehearsed.market_maker,
    rehearsed.supplier,
    rehearsed.llm_agent,
)


def main(shared: Shared, names: list[str]) -> None:
    """Make the charts of these names, or all; ends with what to do where the data is not there."""
    if missing := [path for path in (shared.candles, shared.demand) if not path.is_file()]:
        sys.exit(f"{missing[0]} is not there; name the folder of shared data, such as ../shared")
    for make in MAKERS:
        if not names or make.__name__ in names:
            chart = make(shared)
            chart.save(FOLDER / f"{make.__name__}.svg")
            sys.stdout.write(f"{make.__name__}: {chart.figures}\n")


if __name__ == "__main__":
    logs.configure("error", "auto", SystemClock(), sys.stderr)
    main(Shared(Path(sys.argv[1] if len(sys.argv) > 1 else "../shared")), sys.argv[2:])
