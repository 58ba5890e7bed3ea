"""`gridbot db`: the schema of the database."""

from __future__ import annotations

import asyncio
from typing import Annotated, TypeAlias

import typer

from bot.cli.confirm import Yes, confirm
from bot.cli.options import Options
from bot.cli.output import Json, document, say

app = typer.Typer(no_args_is_help=True, help="Bring the database's schema up or down.")

DatabaseUrl: TypeAlias = Annotated[
    str | None, typer.Option("--database-url", help="Database to use instead of the one in the settings.")
]
"""The `--database-url` option of a command."""


@app.command()
def upgrade(
    ctx: typer.Context,
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="Revision to come to.")] = "head",
    *,
    database_url: DatabaseUrl = None,
) -> None:
    """Make the database, or bring it up to the newest schema."""
    from bot.storage import migrate

    reached = asyncio.run(migrate.upgrade(Options.of(ctx).database_url(database_url), revision))
    say(f"the database is at {reached}")


@app.command()
def downgrade(
    ctx: typer.Context,
    revision: Annotated[
        str, typer.Argument(metavar="REVISION", help="Revision to go back to; `base` for an empty database.")
    ],
    *,
    database_url: DatabaseUrl = None,
    yes: Yes = False,
) -> None:
    """Take the database back to an older schema. What the newer one held besides is lost."""
    from bot.storage import migrate
    from bot.storage.engine import shown

    url = Options.of(ctx).database_url(database_url)
    confirm(f"Take {shown(url)} back to {revision}, and lose what only a newer schema holds?", yes=yes)
    reached = asyncio.run(migrate.downgrade(url, revision))
    say(f"the database is at {reached}" if reached else "the database is empty")


@app.command()
def current(ctx: typer.Context, *, database_url: DatabaseUrl = None, as_json: Json = False) -> None:
    """Say which schema the database has, and which is the newest."""
    from bot.storage import migrate

    found, newest = asyncio.run(migrate.current(Options.of(ctx).database_url(database_url))), migrate.head()
    if as_json:
        document({"current": found, "newest": newest})
    elif found == newest:
        say(f"the database is at {found}, the newest")
    else:
        state = f"is at {found}" if found else "is empty"
        say(f"the database {state}; the newest is {newest}: run `gridbot db upgrade`")
