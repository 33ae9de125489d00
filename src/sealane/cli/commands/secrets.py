"""`sealane secrets`: encrypting files of secrets, without any other program."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from sealane import errors
from sealane.cli import headings, options, output

Keys = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        help="Folder that holds the keys, such as a server's data folder.",
        show_default=False,
        parser=options.path,
        metavar="<path>",
    ),
]


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    group = typer.Typer(no_args_is_help=True, help="Encrypt files of secrets with age.", rich_markup_mode=None)
    more = output.examples("sealane secrets recipient", "sealane secrets recipient --app shop --keys /var/lib/sealane")
    group.command("recipient", epilog=more)(recipient)
    more = output.examples(
        "sealane secrets encrypt dev.env --to age1… --output deploy/secrets/dev.age",
        "printf 'TOKEN=%s\\n' \"$TOKEN\" | sealane secrets encrypt - --to age1… --to age1… --output dev.age",
    )
    group.command("encrypt", epilog=more)(encrypt)
    app.add_typer(group, name="secrets", rich_help_panel=headings.ANYWHERE)


def recipient(
    ctx: typer.Context, folder: options.Folder = Path(), app: options.App = None, keys_in: Keys = None
) -> None:
    """Print the age recipient of an app.

    Files encrypted to it open where its key is: on this machine, for `sealane diff` and the like, or on a server when
    --keys names its data folder. The key is made the first time and stays there; each app has its own.
    """
    from sealane.cli.local import local_formation
    from sealane.secrets import keys

    name = local_formation.app_name(folder, app, options.tables(ctx))
    output.data(keys.own_identity(keys_in or keys.own_folder(os.environ), name).recipient)


def encrypt(
    file: Annotated[
        Path,
        typer.Argument(
            help="NAME=value lines or a YAML mapping; - reads stdin.", show_default=False, parser=options.path
        ),
    ],
    to: Annotated[list[str], typer.Option("--to", help="A recipient, age1…; may be repeated.", show_default=False)],
    result: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="The encrypted file; stdout when left out.",
            show_default=False,
            parser=options.path,
            metavar="<path>",
        ),
    ] = None,
) -> None:
    """Encrypt a file so that only the recipients can open it.

    What it holds is looked at first, so that a slip shows now and not while deploying.
    """
    from sealane.clients import age
    from sealane.secrets import entries

    content = _content(file)
    try:
        names = sorted(entries.parse(content.decode()))
    except UnicodeDecodeError:
        raise errors.UsageError(f"{file} is not UTF-8 text") from None
    except entries.Unreadable as problem:
        hint = "it holds NAME=value lines or a YAML mapping of texts"
        raise errors.UsageError(f"{file}: {problem}", hint=hint) from None
    encrypted = asyncio.run(age.encrypt(content, to))
    if result is None:
        output.data(encrypted.decode().rstrip("\n"))
        return
    try:
        result.write_bytes(encrypted)
    except OSError as error:
        raise errors.UsageError(f"can't write {result}: {error.strerror}") from error
    output.say(f"{result} holds {', '.join(names)} for {len(to)} recipient{'s' if len(to) != 1 else ''}")


def _content(file: Path) -> bytes:
    if str(file) == "-":
        return sys.stdin.buffer.read()
    try:
        return file.read_bytes()
    except OSError as error:
        raise errors.UsageError(f"can't read {file}: {error.strerror}") from error
