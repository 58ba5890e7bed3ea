"""`gridbot keys`: trading keys."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.output import Json, document, say

app = typer.Typer(no_args_is_help=True, help="Make trading keys.")


@app.callback()
def keys() -> None:
    """Make trading keys."""


@app.command()
def new(
    file: Annotated[Path, typer.Argument(help="Where to write the private key; never over another file.")],
    *,
    as_json: Json = False,
) -> None:
    """Make a trading key: write its private half to FILE and print the public half to register."""
    from bot.grid.keys import SEED_BYTES, SigningKey, write_key_file

    key = SigningKey.generate(os.urandom(SEED_BYTES))
    write_key_file(file, key)
    if as_json:
        document({"file": str(file), "public_key": key.public_key, "fingerprint": key.fingerprint})
        return
    say(f"private key   {file} (only you can read it; keep it secret)")
    say(f"public key    {key.public_key}")
    say(f"fingerprint   {key.fingerprint}")
    say("")
    say("Next: register the public key in the exchange's web dashboard, then tell gridbot of the private one:")
    say(f"  in config.yaml       exchange: {{signing_key_file: {file}}}")
    say(f"  or the environment   GRIDBOT_EXCHANGE__SIGNING_KEY_FILE={file}")
