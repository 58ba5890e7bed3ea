"""Every setting: its type, its range, its default and what it is for."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.settings.values import BaseUrl, Database, DatabaseUrl, Duration, File, Flag, Money, Number, Whole


class Section(BaseModel):
    """A group of settings: read-only, and closed to names that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)


class ExchangeSettings(Section):
    """How to reach the exchange, and as whom."""

    base_url: BaseUrl = Field("https://trading.api.thegrid.ai/v1", description="address of the Trading API")
    layout: Literal["documented", "short"] = Field(
        "documented", description="which of the exchange's two spellings of its routes to use"
    )
    timeout_seconds: Number = Field(10, gt=0, le=120, description="how long to wait for an answer, seconds")
    signing_key: SecretStr | None = Field(None, min_length=1, description="the trading key itself, base64")
    signing_key_file: File | None = Field(None, description="file that holds the trading key")

    @field_validator("signing_key_file")
    @classmethod
    def _one_key(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file is not None and info.data.get("signing_key") is not None:
            raise ValueError("the key is given twice; give either signing_key or signing_key_file")
        return file


class DatabaseSettings(Section):
    """Where orders, fills and transfers are kept."""

    url: Database = Field(DatabaseUrl("sqlite:///gridbot.db"), description="database URL: SQLite file, or PostgreSQL")


class LoggingSettings(Section):
    """What is logged, and how."""

    level: Literal["debug", "info", "warning", "error"] = Field("info", description="the least that is logged")
    format: Literal["auto", "console", "json"] = Field(
        "auto", description="console is for people, json for machines; auto is console on a terminal, else json"
    )


class EngineSettings(Section):
    """How often the daemon looks, and how it stops."""

    poll_seconds: Number = Field(
        5, gt=0, le=3600, description="longest time between two looks at live orders and transfers, seconds"
    )
    settle_seconds: Number = Field(
        10, gt=0, le=600, description="time between the looks that settle an unclear outcome, seconds"
    )
    snapshot_seconds: Number = Field(900, ge=1, le=86400, description="how often balances are stored, seconds")
    stop_seconds: Number = Field(4, gt=0, le=60, description="the most that a clean stop may take, seconds")
    on_stop: Literal["cancel", "keep"] = Field(
        "cancel", description="what becomes of resting orders on a clean stop: cancel them, or keep them resting"
    )


class ScheduleSettings(Section):
    """When a strategy ticks: one of the two."""

    every: Duration | None = Field(None, description="time between ticks: 60s, 5m, 1h, or a number of seconds")
    cron: str | None = Field(None, description="five fields in UTC: minute, hour, day of month, month, day of week")

    @field_validator("cron")
    @classmethod
    def _cron_fires(cls, cron: str | None, info: ValidationInfo) -> str | None:
        if cron is None:
            return None
        if info.data.get("every") is not None:
            raise ValueError("the schedule is given twice; give either every or cron")
        from apscheduler.triggers.cron import CronTrigger

        try:
            trigger = CronTrigger.from_crontab(cron, timezone=UTC)
        except ValueError as error:
            raise ValueError(f"{cron!r} is not a crontab line such as '*/5 * * * *': {error}") from None
        if trigger.get_next_fire_time(None, datetime(2024, 1, 1, tzinfo=UTC)) is None:
            raise ValueError(f"{cron!r} names a day that never comes")
        return cron

    @model_validator(mode="after")
    def _some(self) -> Self:
        if self.every is None and self.cron is None:
            raise ValueError("must say when: every: 60s, or cron: '*/5 * * * *'")
        return self


class StrategySettings(Section):
    """One instance of a strategy."""

    name: str = Field(min_length=1, description="the instance's own name; its orders and its state go by it")
    strategy: str = Field(min_length=1, description="a strategy of the library, or your own as module:Class")
    markets: tuple[str, ...] = Field(min_length=1, description="symbols of the markets that it trades")
    schedule: ScheduleSettings = Field(description="when it ticks")
    parameters: dict[str, Any] = Field(default_factory=dict, description="the strategy's own parameters")

    @field_validator("markets")
    @classmethod
    def _once_each(cls, markets: tuple[str, ...]) -> tuple[str, ...]:
        if twice := next((market for number, market in enumerate(markets) if market in markets[:number]), None):
            raise ValueError(f"market '{twice}' is named twice")
        return markets


class PaperSettings(Section):
    """The simulated exchange of `gridbot paper`."""

    host: str = Field("127.0.0.1", min_length=1, description="address to listen on")
    port: Whole = Field(0, ge=0, le=65535, description="port to listen on; 0 takes a free one")
    seed: Whole = Field(1, description="the same seed gives the same crowd of traders")
    state_file: File = Field(Path("gridbot-paper.json"), description="file that keeps the exchange between two starts")
    cash: Money = Field(Decimal(10000), ge=0, le=1_000_000_000, description="what the account begins with, USD")
    mean_price: Money = Field(
        Decimal("2.00"), ge=Decimal("0.10"), le=10_000, description="price around which the market moves, USD per unit"
    )
    tokens_per_hour: Whole = Field(6_000_000, ge=0, description="mean demand for inference, tokens an hour; 0 for none")
    auto_transfer: Flag = Field(
        default=False, description="whether bought units move to Consumption as soon as they fill"
    )
    prices: File | None = Field(None, description="candle file whose prices the market follows")
    demand: File | None = Field(None, description="trace file that says how much inference is asked for")
    client: str | None = Field(None, min_length=1, description="whose demand to take from a trace of several clients")


class Settings(BaseSettings):
    """Everything that can be set. Made by `load_settings`; by hand it takes its arguments and nothing else."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    exchange: ExchangeSettings = Field(default=ExchangeSettings(), description="how to reach the exchange")
    database: DatabaseSettings = Field(default=DatabaseSettings(), description="where everything is kept")
    logging: LoggingSettings = Field(default=LoggingSettings(), description="what is logged, and how")
    engine: EngineSettings = Field(default=EngineSettings(), description="how often the daemon looks")
    strategies: tuple[StrategySettings, ...] = Field(default=(), description="the strategy instances to run")
    paper: PaperSettings = Field(default=PaperSettings(), description="the exchange of `gridbot paper`")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - as pydantic-settings calls it
        init_settings: PydanticBaseSettingsSource,
        *_: Any,
        **__: Any,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing but the arguments: what is read from outside, and in which order, is `load_settings`' affair."""
        return (init_settings,)
