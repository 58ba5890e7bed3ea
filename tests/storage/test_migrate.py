"""The schema goes up and down, and a database that does not fit is refused."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.engine import Connection

from bot.clock import VirtualClock, run_virtual
from bot.domain.transfer import Way
from bot.errors import SchemaOutdated, SchemaTooNew, StoreError
from bot.storage import migrate, orders
from bot.storage.database import Database
from bot.storage.store import open_store
from bot.storage.tables import metadata
from tests.storage.samples import START, a_fill, a_record, a_transfer, accepted, an_order, filled

NEWEST = migrate.head()
NEXT = "next"

NEXT_STEP = f"""
import sqlalchemy as sa
from alembic import op

revision = "{NEXT}"
down_revision = "{NEWEST}"

def upgrade():
    with op.batch_alter_table("orders") as orders:
        orders.add_column(sa.Column("note", sa.String(), nullable=False, server_default=""))
        orders.alter_column("reason", existing_type=sa.String(), nullable=True)

def downgrade():
    with op.batch_alter_table("orders") as orders:
        orders.alter_column("reason", existing_type=sa.String(), nullable=False)
        orders.drop_column("note")
"""


FORGETFUL_STEP = f"""
from alembic import op

revision = "{NEXT}"
down_revision = "{NEWEST}"

def upgrade():
    op.execute("DELETE FROM orders")
"""


def differences(db: Connection) -> list[Any]:
    """What Alembic would change to make the schema the one of the tables."""
    return list(compare_metadata(MigrationContext.configure(db, opts={"compare_type": True}), metadata))


def schema(db: Connection) -> dict[str, Any]:
    """Everything about the tables, the checks that `differences` does not see included."""
    found = sa.inspect(db)
    return {
        name: {
            "columns": [(c["name"], str(c["type"]), c["nullable"]) for c in found.get_columns(name)],
            "key": found.get_pk_constraint(name),
            "foreign keys": found.get_foreign_keys(name),
            "unique": sorted(found.get_unique_constraints(name), key=str),
            "checks": sorted(found.get_check_constraints(name), key=str),
            "indexes": sorted(found.get_indexes(name), key=str),
        }
        for name in found.get_table_names()
        if name != "alembic_version"
    }


def tables(db: Connection) -> set[str]:
    return set(sa.inspect(db).get_table_names())


def set_revision(db: Connection, revision: str) -> None:
    db.execute(sa.text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


async def ask(url: str, question: Callable[..., Any], *args: Any) -> Any:
    """Run a unit of work on a database of its own."""
    async with Database(url, create=True) as database:
        return await database.run(question, *args)


@pytest.fixture
def next_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """This gridbot knows one more revision, `NEXT`, which changes the orders' table; gives its script."""
    scripts = tmp_path / "100% migrations"
    shutil.copytree(migrate.SCRIPTS, scripts)
    step = scripts / "versions" / "next.py"
    step.write_text(NEXT_STEP)
    monkeypatch.setattr(migrate, "SCRIPTS", scripts)
    return step


@pytest.fixture
def forgetful_step(next_step: Path) -> None:
    """This gridbot's next revision deletes rows that others refer to."""
    next_step.write_text(FORGETFUL_STEP)


async def test_up_down_and_up_again_leaves_exactly_the_tables(url: str) -> None:
    assert await migrate.upgrade(url) == migrate.head()
    assert await migrate.downgrade(url, "base") is None
    assert await ask(url, tables) == {"alembic_version"}
    assert await migrate.upgrade(url) == migrate.head()
    assert await ask(url, differences) == []


async def test_the_steps_make_the_same_schema_as_the_tables_do(new_url: Callable[[], str]) -> None:
    by_steps, at_once = new_url(), new_url()
    await migrate.upgrade(by_steps)
    await ask(at_once, metadata.create_all)
    assert await ask(by_steps, schema) == await ask(at_once, schema)


async def test_a_database_goes_down_and_up_step_by_step(url: str, next_step: Path) -> None:
    assert await migrate.upgrade(url, NEWEST) == NEWEST
    assert await migrate.upgrade(url, "+1") == NEXT == migrate.head()
    assert await migrate.downgrade(url, "-1") == NEWEST
    assert await migrate.current(url) == NEWEST
    assert await migrate.downgrade(url, f"-{int(NEWEST)}") is None
    assert await migrate.current(url) is None


async def test_a_table_that_is_changed_keeps_its_rows_and_its_rules(url: str, next_step: Path) -> None:
    await migrate.upgrade(url, NEWEST)
    order = accepted(an_order())
    fill = a_fill(order)
    store = await open_store(url, create=True)
    await store.add_order(order)
    await store.add_fill(fill, filled(order, fill), a_record(order))
    await store.close()

    await migrate.downgrade(url, NEWEST)
    assert await migrate.upgrade(url) == NEXT

    store = await open_store(url, create=False)
    assert await store.order(order.client_order_id) == filled(order, fill)
    assert await store.recent_fills(5) == [fill]
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        await store.database.run(lambda db: db.execute(sa.text("DELETE FROM orders")))
    await store.close()


async def test_what_was_stored_before_orders_were_post_only_and_units_issued_is_neither(url: str) -> None:
    await migrate.upgrade(url)
    store = await open_store(url, create=False)
    order, transfer = an_order(), a_transfer()
    await store.add_order(replace(order, post_only=True))
    await store.add_transfer(transfer)
    await store.add_transfer(replace(a_transfer("b"), way=Way.ISSUE))
    await store.close()

    await migrate.downgrade(url, "0003")
    await migrate.upgrade(url)

    store = await open_store(url, create=False)
    assert (await store.recent_orders(5), await store.recent_transfers(5)) == ([order], [transfer])
    await store.close()


async def test_a_step_that_would_orphan_rows_is_undone(url: str, forgetful_step: None) -> None:
    await migrate.upgrade(url, NEWEST)
    async with Database(url) as database:
        order = accepted(an_order())
        fill = a_fill(order)
        await database.run(orders.add, order)
        await database.run(orders.add_fill, fill, filled(order, fill), a_record(order))

    with pytest.raises(StoreError, match=r"refer to nothing|violates foreign key"):
        await migrate.upgrade(url)

    assert await migrate.current(url) == NEWEST
    assert await ask(url, orders.one, order.client_order_id) == filled(order, fill)


async def test_an_empty_database_is_brought_up_only_when_asked_for(url: str) -> None:
    await ask(url, tables)
    with pytest.raises(SchemaOutdated, match="is empty: run `gridbot db upgrade`"):
        await open_store(url, create=False)
    with pytest.raises(SchemaOutdated, match="is empty"):
        await migrate.check(url)
    assert await migrate.current(url) is None
    await (await open_store(url, create=True)).close()
    await migrate.check(url)
    assert await migrate.current(url) == migrate.head()


async def test_an_outdated_database_is_brought_up_only_when_asked_for(url: str, next_step: Path) -> None:
    await migrate.upgrade(url, NEWEST)
    with pytest.raises(SchemaOutdated, match=f"is at revision {NEWEST}, not {NEXT}: run `gridbot db upgrade`"):
        await open_store(url, create=False)
    await (await open_store(url, create=True)).close()
    await migrate.check(url)


async def test_a_newer_database_is_refused_and_left_alone(url: str) -> None:
    await migrate.upgrade(url)
    await ask(url, set_revision, "ffff")
    for create in (False, True):
        with pytest.raises(SchemaTooNew, match=r"written by a newer gridbot .* revision ffff"):
            await open_store(url, create=create)
    for attempt in (migrate.check(url), migrate.upgrade(url), migrate.downgrade(url, "base")):
        with pytest.raises(SchemaTooNew):
            await attempt
    assert await migrate.current(url) == "ffff"
    assert await ask(url, differences) == []


async def test_a_revision_that_does_not_exist_is_refused(url: str) -> None:
    await migrate.upgrade(url)
    for attempt in (migrate.upgrade(url, "nope"), migrate.downgrade(url, "nope"), migrate.downgrade(url, "-7")):
        with pytest.raises(StoreError, match="cannot bring the database to revision"):
            await attempt
    assert await migrate.current(url) == migrate.head()


async def test_a_step_that_fails_leaves_the_schema_as_it_was(url: str) -> None:
    await ask(url, lambda db: db.execute(sa.text("CREATE TABLE strategy_state (mine INTEGER)")).close())
    with pytest.raises(StoreError, match=r"strategy_state.* already exists"):
        await migrate.upgrade(url)
    assert await ask(url, tables) == {"strategy_state"}


async def test_a_missing_folder_of_scripts_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "versions").mkdir()
    monkeypatch.setattr(migrate, "SCRIPTS", tmp_path)
    with pytest.raises(StoreError, match="there are no migration scripts"):
        migrate.head()


async def test_logging_is_left_as_it_was(tmp_path: Path) -> None:
    ours = logging.getLogger("bot.somewhere")
    before = (logging.root.handlers[:], logging.root.level, ours.disabled, logging.getLogger("alembic").level)
    await migrate.upgrade(f"sqlite:///{tmp_path}/grid.db")
    assert before == (logging.root.handlers, logging.root.level, ours.disabled, logging.getLogger("alembic").level)


def test_the_schema_moves_in_virtual_time_too(new_url: Callable[[], str]) -> None:
    async def main(clock: VirtualClock) -> tuple[str, str | None, datetime]:
        url = new_url()
        return await migrate.upgrade(url), await migrate.downgrade(url, "base"), clock.now()

    assert run_virtual(main, START) == (migrate.head(), None, START)
