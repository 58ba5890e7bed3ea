"""`gridbot strategies list`: what can be run."""

from __future__ import annotations

import inspect

import typer

from bot.cli.output import Json, document, say

app = typer.Typer(no_args_is_help=True, help="What strategies there are.")


@app.callback()
def strategies() -> None:
    """What strategies there are."""


@app.command("list")
def list_(*, as_json: Json = False) -> None:
    """List the library's strategies and their parameters."""
    from bot.strategy import registry

    records = []
    for name in registry.names():
        strategy = registry.find(name)
        records.append(
            {
                "name": name,
                "does": (inspect.getdoc(strategy) or "").partition("\n")[0],
                "parameters": ", ".join(strategy.model_fields),
            }
        )
    if as_json:
        document(records)
        return
    for record in records:
        say(f"{record['name']}: {record['does']}\n  parameters: {record['parameters']}")
