"""`gridbot strategies list`: what can be run."""

from __future__ import annotations

import inspect

import typer

from bot.cli.output import Json, show

app = typer.Typer(no_args_is_help=True, help="Strategies.")


@app.callback()
def strategies() -> None:
    """Strategies."""


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
    show(records, ("name", "does", "parameters"), as_json=as_json, empty="the library has no strategy")
