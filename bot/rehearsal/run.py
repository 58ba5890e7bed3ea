"""One seed's rehearsal: lives of the bot, one after the other, and a look at the books between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from random import Random
from typing import TypeAlias

from bot.clock import VirtualClock, run_virtual
from bot.errors import ExchangeError
from bot.rehearsal.interruptions import Ending, Interruption, Interruptions
from bot.rehearsal.journal import EventJournal, silence
from bot.rehearsal.life import Life
from bot.rehearsal.plan import START, RehearsalPlan, SeedResult, Violated, Violation
from bot.rehearsal.power import Power
from bot.rehearsal.stage import stage_of
from bot.rehearsal.witness import Witness
from bot.rehearsal.world import World
from bot.storage.inline import InlineDatabase

CHECK_EVERY = timedelta(minutes=3)
"""How often the books are looked at while the bot lives."""

PAUSE_SECONDS = 10.0
"""How long whoever watches over the bot waits before he starts it again after an error."""

AFTERMATH = timedelta(minutes=2)
"""How long after the last fault the bot may still end because of one."""

Onlooker: TypeAlias = Callable[[World, datetime], None]
"""Looks at the world at a moment, and changes nothing in it."""


def rehearse_seed(
    plan: RehearsalPlan,
    seed: int,
    journal: EventJournal | None = None,
    onlooker: Onlooker | None = None,
) -> SeedResult:
    """Rehearse one seed. The same plan and seed give the same result, and the same journal.

    Not to be called while an event loop runs.

    Args:
        plan: what is to be rehearsed.
        seed: all chance is drawn from it.
        journal: takes down what happens; None: nobody does, which is quicker.
        onlooker: called whenever the books were looked at while the bot lives; None: nobody is.

    Raises:
        ConfigError: the strategies of the plan cannot be made, or trade what the exchange does not list.
    """
    stage = stage_of(plan, seed)
    database = InlineDatabase.migrated()

    async def rehearse(clock: VirtualClock) -> SeedResult:
        if journal is not None:
            journal.clock = clock
        return await _Rehearsal(plan, seed, World(stage, clock, database), clock, journal, onlooker).result()

    try:
        with silence() if journal is None else journal.heard():
            return run_virtual(rehearse, START)
    finally:
        database.dispose()


class _Rehearsal:
    def __init__(
        self,
        plan: RehearsalPlan,
        seed: int,
        world: World,
        clock: VirtualClock,
        journal: EventJournal | None,
        onlooker: Onlooker | None,
    ) -> None:
        self._plan = plan
        self._seed = seed
        self._world = world
        self._clock = clock
        self._journal = journal
        self._onlooker = onlooker
        chance = Random(f"crashes {seed}")  # noqa: S311 - repeatable, not secret
        self._interruptions = Interruptions(chance, plan.crash_rate, plan.quiet_from)
        self._endings: Counter[Ending] = Counter()
        self._witness = Witness(world.database.raw, self._broken, journal)
        self._power = Power(clock)
        self._violation: Violation | None = None

    async def result(self) -> SeedResult:
        """Let the bot live until the end, or until a rule is broken; then count."""
        try:
            while self._violation is None and self._clock.now() < self._plan.end:
                await self._live()
            if self._violation is None:
                self._world.check_at_end()
        except Violated as violated:
            self._broken(violated)
        finally:
            await self._world.network.close()
        faults = self._world.sim.faults
        return SeedResult(
            seed=self._seed,
            orders=len(self._world.truth.orders),
            fills=len(self._world.truth.fills),
            transfers=len(self._world.truth.transfers),
            faults_injected={} if faults is None else dict(sorted(faults.injected.items())),
            crashes=self._endings[Ending.CRASH],
            stops=self._endings[Ending.STOP] + self._endings[Ending.CANCEL],
            violation=self._violation,
        )

    async def _live(self) -> None:
        """One life, and the time until the next."""
        coming = self._interruptions.next(self._clock.now())
        self._power = Power(self._clock, coming.strike if coming else None)
        self._note("starts")
        bot = partial(self._world.bot, self._power, self._witness, is_last=coming is None)
        life = Life(bot, self._power, self._clock, self._world.tasks)
        try:
            await self._watch(life, self._told_at(coming))
            await self._end(life, coming)
        finally:
            await life.die()
        self._world.check()
        if self._clock.now() < self._plan.end:
            await self._clock.sleep(self._interruptions.downtime())

    def _told_at(self, coming: Interruption | None) -> datetime:
        """When the bot is told to stop; whom no crash has struck is told in time for a last life."""
        if coming is None:
            return self._plan.end
        return self._plan.quiet_from if coming.ending is Ending.CRASH else coming.at

    async def _watch(self, life: Life, until: datetime) -> None:
        """Look at the books until the moment comes, or the life is over."""
        while await life.lasts(min(until, self._clock.now() + CHECK_EVERY)) and self._clock.now() < until:
            self._world.check()
            if self._onlooker is not None:
                self._onlooker(self._world, self._clock.now())

    async def _end(self, life: Life, coming: Interruption | None) -> None:
        """See a life end, and judge how it did."""
        if self._power.spins:
            raise Violated("stands_still", "it does the same over and over while no time passes")
        if life.has_crashed:
            self._count(Ending.CRASH)
            return
        if life.is_over:
            self._note("ends by itself")
            self._judge(await life.ends(), told=False)
            await self._clock.sleep(PAUSE_SECONDS)
        elif coming is not None and coming.ending is Ending.CANCEL:
            self._count(Ending.CANCEL)
            self._judge(await life.cancel(), told=True)
        else:
            if coming is not None:
                self._count(Ending.STOP)
            self._judge(await life.stop(), told=True)

    def _judge(self, error: BaseException | None, *, told: bool) -> None:
        """Who cannot reach an exchange that is in trouble may end; anything else is a bug. Raises `Violated`."""
        if error is None and not told:
            raise Violated("ended_by_itself", "it was not told to stop")
        in_trouble = self._clock.now() < self._plan.quiet_from + AFTERMATH
        if error is not None and not (isinstance(error, ExchangeError) and in_trouble):
            raise Violated("crashed_by_itself", f"{type(error).__name__}: {error}")

    def _count(self, ending: Ending) -> None:
        self._endings[ending] += 1
        self._note("is ended", how=ending)

    def _broken(self, violated: Violated) -> None:
        """Take down the first broken rule, and end it there."""
        if self._violation is None:
            self._violation = Violation(violated.invariant, self._clock.now(), violated.detail)
            self._note("violation", invariant=violated.invariant, detail=violated.detail)
        self._power.cut()

    def _note(self, event: str, **facts: object) -> None:
        if self._journal is not None:
            self._journal.note(event, **facts)
