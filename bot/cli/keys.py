"""`gridbot keys`: trading keys. Of a key, only its public half is ever printed."""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias
from urllib.parse import urlsplit

import typer

from bot.cli.options import Options
from bot.cli.output import Json, caution, details, document, say

if TYPE_CHECKING:
    from bot.grid.key_sources import KeyMaterial
    from bot.grid.keys import SigningKey

app = typer.Typer(no_args_is_help=True, help="Make, show and check trading keys, and sign with them.")

KeyFile: TypeAlias = Annotated[
    Path | None, typer.Argument(metavar="FILE", help="A key file, instead of the key of the settings.")
]


@app.command()
def new(
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where to write the private key; never over another file.")
    ] = None,
    *,
    keyring: Annotated[
        str | None, typer.Option(metavar="NAME", help="Keep it in the system keyring under this name, not in a file.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a trading key: keep its private half in FILE or in the keyring, and print the public half to register."""
    from bot.grid.key_sources import keep_in_keyring
    from bot.grid.keys import SEED_BYTES, SigningKey, write_key_file

    if (file is None) == (not keyring):
        raise typer.BadParameter("say where to keep the key: either FILE or --keyring NAME")
    key = SigningKey.generate(os.urandom(SEED_BYTES))
    if file is not None:
        write_key_file(file, key)
        kind, name, place = "file", str(file), f"{file} (only you can read it; keep it secret)"
    else:
        assert keyring is not None
        keep_in_keyring(keyring, key)
        kind, name, place = "keyring", keyring, f"in the system keyring as {keyring}"
    if as_json:
        document({kind: name, "public_key": key.public_key, "fingerprint": key.fingerprint})
        return
    say(f"private key   {place}")
    say(f"public key    {key.public_key}")
    say(f"fingerprint   {key.fingerprint}")
    say("")
    say("Next: register the public key in the exchange's web dashboard, then tell gridbot of the private one:")
    say(f"  in config.yaml       exchange: {{signing_key_{kind}: {name}}}")
    say(f"  or the environment   GRIDBOT_EXCHANGE__SIGNING_KEY_{kind.upper()}={name}")


@app.command()
def show(ctx: typer.Context, file: KeyFile = None, *, as_json: Json = False) -> None:
    """Print the public key, its fingerprint, and where the key was found."""
    found = _found(ctx, file)
    key = _key(found)
    shown = {"public_key": key.public_key, "fingerprint": key.fingerprint, "source": found.source}
    if as_json:
        document(shown)
    else:
        details(shown)


@app.command()
def fingerprint(ctx: typer.Context, file: KeyFile = None, *, as_json: Json = False) -> None:
    """Print the fingerprint, by which the exchange knows the key."""
    key = _key(_found(ctx, file))
    if as_json:
        document({"fingerprint": key.fingerprint})
    else:
        say(key.fingerprint)


@app.command()
def check(
    ctx: typer.Context,
    file: KeyFile = None,
    *,
    online: Annotated[bool, typer.Option("--online", help="Ask the exchange whether it knows the key.")] = False,
    as_json: Json = False,
) -> None:
    """Look at the key: where it is, who can read it, whether it is whole. Exit status 1 when anything is wrong."""
    from bot.cli.checks import State, tell
    from bot.cli.client import ask_exchange, with_key
    from bot.cli.key_checks import key_checks, registered

    checks, key = key_checks(lambda: _found(ctx, file))
    if online and key is not None:
        checks.append(ask_exchange(with_key(Options.of(ctx).settings(), key), registered))
    tell(checks, as_json=as_json)
    if any(one.state in (State.WARN, State.FAIL) for one in checks):
        raise typer.Exit(1)


@app.command()
def sign(
    ctx: typer.Context,
    method: Annotated[str, typer.Argument(metavar="METHOD", help="HTTP method, such as GET.")],
    path: Annotated[
        str,
        typer.Argument(metavar="PATH", help="The whole path, such as /v1/me, as it is sent, without the query."),
    ],
    *,
    body: Annotated[str | None, typer.Option(metavar="TEXT", help="The body that will be sent.")] = None,
    body_file: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A file that holds it, byte for byte; - is standard input.")
    ] = None,
    timestamp: Annotated[
        int | None, typer.Option(min=0, max=2**53, help="Unix seconds; now, if left out. Good for 30 s on either side.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Sign a request: print its three headers, ready for curl.

    For example: gridbot keys sign GET /v1/me | xargs curl https://trading.api.thegrid.ai/v1/me
    """
    from bot.clock import SystemClock
    from bot.grid.signing import sign as signed

    if not (method.isascii() and method.isalpha()):
        raise typer.BadParameter(f"{method!r} is not an HTTP method such as GET", param_hint="METHOD")
    _see_that_it_is_a_path(path)
    content = _body(body, body_file)
    at = int(SystemClock().now().timestamp()) if timestamp is None else timestamp
    key = _key(_found(ctx, None))
    prefix = urlsplit(Options.of(ctx).settings().exchange.base_url).path
    if not path.startswith(f"{prefix}/"):
        caution(f"the exchange's paths begin with {prefix}/, and all of the path is signed")
    headers = signed(key, method, path, content, at)
    if as_json:
        document(headers)
        return
    for name, value in headers.items():
        say(f"-H {shlex.quote(f'{name}: {value}')}")


def _see_that_it_is_a_path(path: str) -> None:
    if "?" in path or "#" in path:
        raise typer.BadParameter("leave out the query: it is sent but not signed", param_hint="PATH")
    if not path.startswith("/"):
        raise typer.BadParameter("must begin with /, such as /v1/me", param_hint="PATH")
    if not (path.isascii() and path.isprintable()) or " " in path:
        raise typer.BadParameter("must be percent-encoded, as it is sent", param_hint="PATH")


def _body(text: str | None, file: Path | None) -> bytes:
    if text is not None and file is not None:
        raise typer.BadParameter("give the body once: either --body or --body-file")
    if file is None:
        return os.fsencode(text or "")  # the very bytes that the shell gave
    if file == Path("-"):
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise typer.BadParameter(f"{file} cannot be read: {error.strerror}", param_hint="--body-file") from None


def _found(ctx: typer.Context, file: Path | None) -> KeyMaterial:
    from bot.grid.key_sources import file_material, key_material

    return key_material(Options.of(ctx).settings().exchange) if file is None else file_material(file)


def _key(found: KeyMaterial) -> SigningKey:
    for finding in found.findings:
        caution(finding)
    return found.key()
