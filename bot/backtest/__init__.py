"""Back-tests: the strategies that run live, on candles of the past, fast and exact to the micro-dollar.

history = History.read(Path("candles.csv.gz"), market, scale=Decimal("0.0001"))
result = Backtest(SmaCross(size=10), history, cash=Decimal(1000), rules=FillRules(fee=Decimal("0.001"))).run()
result.frame().equity.plot()
"""

from bot.backtest.backtest import Backtest
from bot.backtest.fills import FillRules
from bot.backtest.generated import generated
from bot.backtest.history import Gap, History
from bot.backtest.result import BacktestResult, Inference

__all__ = ["Backtest", "BacktestResult", "FillRules", "Gap", "History", "Inference", "generated"]
