"""Settings: YAML < `.env` < environment < command line. `models` lists them all; `load_settings` reads them."""

from bot.settings.load import DOTENV, config_file, load_settings
from bot.settings.models import (
    ConsumptionSettings,
    DatabaseSettings,
    EngineSettings,
    ExchangeSettings,
    LimitSettings,
    LoggingSettings,
    PaperSettings,
    RiskSettings,
    ScheduleSettings,
    Settings,
    StrategyRiskSettings,
    StrategySettings,
)
from bot.settings.show import as_shown

__all__ = [
    "DOTENV",
    "ConsumptionSettings",
    "DatabaseSettings",
    "EngineSettings",
    "ExchangeSettings",
    "LimitSettings",
    "LoggingSettings",
    "PaperSettings",
    "RiskSettings",
    "ScheduleSettings",
    "Settings",
    "StrategyRiskSettings",
    "StrategySettings",
    "as_shown",
    "config_file",
    "load_settings",
]
