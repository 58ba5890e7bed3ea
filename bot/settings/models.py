"""Every setting: its type, its range, its default and what it is for."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationInfo, field_validator, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bot.domain.candle import Resolution
from bot.settings.values import (
    BaseUrl,
    Database,
    DatabaseUrl,
    Duration,
    File,
    Flag,
    Host,
    Money,
    Number,
    SimulatedMoney,
    StreamUrl,
    Whole,
)


class Section(BaseModel):
    """A group of settings: read-only, and closed to names that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, validate_default=True)


class ExchangeSettings(Section):
    """How to reach the exchange, and as whom."""

    base_url: BaseUrl = Field("https://trading.api.thegrid.ai/v1", description="address of the Trading API")
    layout: Literal["documented", "short"] = Field(
        "documented", description="which of the exchange's two spellings of its routes to use"
    )
    filters: Literal["plain", "filters", "flop"] = Field(
        "plain", description="which of the exchange's three spellings of filters to use"
    )
    timeout_seconds: Number = Field(10, gt=0, le=120, description="how long to wait for an answer, seconds")
    read_attempts: Whole = Field(
        4, ge=1, le=20, description="how often to try a read that gets no usable answer; writes are sent once, always"
    )
    stream: Literal["auto", "off"] = Field(
        "auto", description="whether to listen to the exchange's stream where it is served, or to poll only"
    )
    stream_url: StreamUrl | None = Field(None, description="address of the stream; without it, beside the Trading API")
    signing_key: SecretStr | None = Field(None, min_length=1, description="the trading key itself, base64")
    signing_key_file: File | None = Field(None, description="file that holds the trading key")
    signing_key_keyring: str | None = Field(
        None, min_length=1, description="name under which the system keyring holds the trading key"
    )

    @field_validator("signing_key_file", "signing_key_keyring")
    @classmethod
    def _one_key(cls, source: Path | str | None, info: ValidationInfo) -> Path | str | None:
        others = ("signing_key", "signing_key_file")
        other = next((name for name in others if info.data.get(name) is not None), None)
        if source is not None and other is not None:
            raise ValueError(f"the key is given twice; give either {other} or {info.field_name}")
        return source


class LimitSettings(Section):
    """How much may be sent to the exchange. Its answers teach the rest: lower limits of theirs win."""

    requests_per_minute: Whole = Field(100, ge=1, le=100_000, description="requests of any kind")
    orders_per_minute: Whole = Field(50, ge=1, le=100_000, description="order placements")
    cancels_per_minute: Whole = Field(100, ge=1, le=100_000, description="cancels")
    cancel_share: Number = Field(0.1, ge=0, lt=1, description="the part of all requests that is kept free for cancels")
    write_share: Number = Field(
        0.2, ge=0, lt=1, description="the part of all requests that reads leave free for orders and transfers"
    )


class ConsumptionSettings(Section):
    """How to run inference, and as whom."""

    base_url: BaseUrl = Field("https://api.thegrid.ai/v1", description="address of the Chat Completions API")
    messages_url: BaseUrl = Field("https://messages-beta.api.thegrid.ai/v1", description="address of the Messages API")
    api_key: SecretStr | None = Field(None, min_length=1, description="the consumption key itself")
    api_key_file: File | None = Field(None, description="file that holds the consumption key")
    allowed_hosts: tuple[Host, ...] = Field(
        ("*.thegrid.ai",),
        description="hosts that inference may be redirected to, key included; *.example.org is every host below it",
    )
    timeout_seconds: Number = Field(
        120, gt=0, le=3600, description="how long to wait for an answer, or for more of it, seconds"
    )

    @field_validator("api_key_file")
    @classmethod
    def _one_key(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file is not None and info.data.get("api_key") is not None:
            raise ValueError("the key is given twice; give either api_key or api_key_file")
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


class StrategyRiskSettings(Section):
    """What a strategy instance may order; None is no limit of its own."""

    max_order_units: Whole | None = Field(None, ge=1, description="units of one order")
    max_order_usd: Money | None = Field(None, gt=0, description="price times quantity of one order, USD")
    max_open_orders: Whole | None = Field(None, ge=1, description="live orders at once")
    max_position_units: Whole | None = Field(
        None, ge=1, description="units in Trading and on bid, on each market; Consumption does not count"
    )
    max_usd_per_hour: Money | None = Field(
        None, gt=0, description="USD spent within an hour, with what live bids may still spend"
    )
    max_usd_per_day: Money | None = Field(None, gt=0, description="the same within 24 hours")
    price_collar: Number | None = Field(
        None, gt=0, le=100, description="by which share a buy may be above the market, or a sell below it"
    )
    max_orders_per_minute: Whole | None = Field(None, ge=1, description="orders placed within a minute")
    duplicate_seconds: Number | None = Field(
        None, gt=0, le=86400, description="for how long an order is not repeated while it is live, seconds"
    )
    stale_seconds: Number | None = Field(
        None, gt=0, le=86400, description="how old prices and holdings may be that an order was decided on, seconds"
    )
    clock_offset_seconds: Number | None = Field(
        None, gt=0, le=86400, description="how far this machine's clock may be from the exchange's, seconds"
    )
    markets: tuple[str, ...] | None = Field(None, min_length=1, description="symbols of the markets that may be traded")


class RiskSettings(StrategyRiskSettings):
    """What may be ordered from the whole account; None is no limit."""

    price_collar: Number | None = Field(
        0.5, gt=0, le=100, description="by which share a buy may be above the market, or a sell below it"
    )
    max_orders_per_minute: Whole | None = Field(30, ge=1, description="orders placed within a minute")
    duplicate_seconds: Number | None = Field(
        5, gt=0, le=86400, description="for how long an order is not repeated while it is live, seconds"
    )
    stale_seconds: Number | None = Field(
        60, gt=0, le=86400, description="how old prices and holdings may be that an order was decided on, seconds"
    )
    clock_offset_seconds: Number | None = Field(
        15, gt=0, le=86400, description="how far this machine's clock may be from the exchange's, seconds"
    )


OnStop: TypeAlias = Literal["cancel", "keep", "reduce"]
"""What becomes of resting orders on a clean stop; `reduce` cancels bids and keeps asks."""


class EngineSettings(Section):
    """How often the daemon looks, and how it stops."""

    poll_seconds: Number = Field(
        5, gt=0, le=3600, description="longest time between two looks at live orders and transfers, seconds"
    )
    stream_poll_seconds: Number = Field(
        30, gt=0, le=3600, description="the same for resting orders while the exchange's stream is heard, seconds"
    )
    settle_seconds: Number = Field(
        10, gt=0, le=600, description="time between the looks that settle an unclear outcome, seconds"
    )
    snapshot_seconds: Number = Field(900, ge=1, le=86400, description="how often balances are stored, seconds")
    stop_seconds: Number = Field(4, gt=0, le=60, description="the most that a clean stop may take, seconds")
    on_stop: OnStop = Field(
        "cancel", description="what becomes of resting orders on a clean stop: cancel or keep all, or cancel bids alone"
    )
    reconcile_seconds: Number = Field(
        300, ge=1, le=86400, description="how often everything is compared with the exchange, also in quiet, seconds"
    )
    on_drift: Literal["halt", "warn"] = Field(
        "halt", description="what is done when cash or units are gone that no trade and no transfer explains"
    )
    lease_seconds: Number = Field(
        15, ge=1, le=3600, description="time of silence after which a standby on the same database takes over, seconds"
    )
    adopt_foreign_orders: str | None = Field(
        None, min_length=1, description="strategy instance that takes up open orders that are not the bot's"
    )
    hook_failures: Whole = Field(
        10, ge=1, le=10_000, description="failures of one hook in a row after which a strategy instance is paused"
    )
    spin_seconds: Number = Field(
        5, gt=0, le=3600, description="how long a hook may compute without a pause before it is broken off, seconds"
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
    strategy: str = Field(min_length=1, description="a strategy's name, or your own as module:Class")
    markets: tuple[str, ...] = Field(min_length=1, description="symbols of the markets that it trades")
    candles: Resolution = Field(Resolution.M1, description="how long the candles are that it is called for and sees")
    schedule: ScheduleSettings | None = Field(None, description="when it ticks; a strategy with on_tick needs one")
    hook_seconds: Number = Field(30, gt=0, le=3600, description="the most that one call of a hook may take, seconds")
    parameters: dict[str, Any] = Field(default_factory=dict, description="the strategy's own parameters")
    risk: StrategyRiskSettings = Field(
        default=StrategyRiskSettings(), description="what it may order, within the account's limits"
    )
    on_stop: OnStop | None = Field(
        None, description="what becomes of its resting orders on a clean stop; without it, what engine.on_stop says"
    )

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
    cash: SimulatedMoney = Field(
        Decimal(10000), ge=0, le=1_000_000_000, description="what the account begins with, USD"
    )
    mean_price: SimulatedMoney = Field(
        Decimal("2.00"), ge=Decimal("0.10"), le=10_000, description="price around which the market moves, USD per unit"
    )
    market: Literal["calm", "stressed"] = Field("calm", description="how the traders in the background behave")
    crowd: dict[str, Any] = Field({}, description="single parameters of theirs, in place of what 'market' says")
    speed: Number = Field(1, ge=1, le=1000, description="how many times as fast as the clock the exchange lives")
    tokens_per_hour: Whole = Field(6_000_000, ge=0, description="mean demand for inference, tokens an hour; 0 for none")
    auto_transfer: Flag = Field(
        default=False, description="whether bought units move to Consumption as soon as they fill"
    )
    prices: File | None = Field(None, description="candle file whose prices the market follows")
    demand: File | None = Field(None, description="trace file that says how much inference is asked for")
    client: str | None = Field(None, min_length=1, description="whose demand to take from a trace of several clients")

    @field_validator("client")
    @classmethod
    def _of_a_trace(cls, client: str | None, info: ValidationInfo) -> str | None:
        if client is not None and info.data.get("demand", client) is None:
            raise ValueError("names a client of a trace; give paper.demand, the trace, too, or leave this out")
        return client


class Settings(BaseSettings):
    """Everything that can be set. Made by `load_settings`; by hand it takes its arguments and nothing else."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    exchange: ExchangeSettings = Field(default=ExchangeSettings(), description="how to reach the exchange")
    limits: LimitSettings = Field(default=LimitSettings(), description="how much may be sent to the exchange")
    consumption: ConsumptionSettings = Field(default=ConsumptionSettings(), description="how to run inference")
    database: DatabaseSettings = Field(default=DatabaseSettings(), description="where everything is kept")
    logging: LoggingSettings = Field(default=LoggingSettings(), description="what is logged, and how")
    engine: EngineSettings = Field(default=EngineSettings(), description="how often the daemon looks")
    risk: RiskSettings = Field(default=RiskSettings(), description="what may be ordered from the whole account")
    strategy_folders: tuple[File, ...] = Field(
        default=(), description="folders of your own strategies: the file my_own.py is the strategy my_own"
    )
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
