"""How a command ends: its exit code, and its message about an error.

    0    as asked
    1    the user's own failure: a step failed, a policy denied, a release was rolled back, a diff has differences
    2    wrong usage, or invalid files
    3    Sealane, the engine, the cluster or the server could not do it
    124  left before the end, because the time that was given is over
    130  interrupted
    141  the reader of the output has gone, as in a shell

A known error never shows a traceback. An unknown one is a bug of Sealane: a short message, and the traceback with
`--debug` or SEALANE_DEBUG=1.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sealane import __version__, errors
from sealane.secrets import revealed

if TYPE_CHECKING:
    from typer.exceptions import TyperException

    from sealane.adapters import Adapters

FAILED = 1
WRONG_USAGE = 2
COULD_NOT = 3
INTERRUPTED = 130
READER_GONE = 141


def run(arguments: Sequence[str] | None = None, adapters: Adapters | None = None) -> int:
    """Runs the command line and gives the exit code, after showing any error.

    Commands get the tables of adapters by `options.tables`; the shipped ones when left out.
    """
    _open_the_closed()
    try:
        code = _run(arguments, adapters)
        sys.stdout.flush()
    except BrokenPipeError:
        code = READER_GONE
    except OSError as error:
        code = tell(error)
    if code == READER_GONE:
        _forget_the_reader(BrokenPipeError)
    elif code == COULD_NOT:
        _forget_the_reader(OSError)
    return code


def _run(arguments: Sequence[str] | None, adapters: Adapters | None) -> int:
    words = sys.argv[1:] if arguments is None else list(arguments)
    if words == ["--version"]:  # scripts ask for it often; the command line library takes five times as long to load
        print(f"sealane {__version__}")
        return 0
    from sealane.adapters import SHIPPED
    from sealane.cli import app

    try:
        with revealed.watched():
            ended = app.command(words).main(
                args=words, prog_name="sealane", standalone_mode=False, obj=adapters or SHIPPED
            )
    except BrokenPipeError:
        raise
    except SystemExit as left:
        return _left(left)
    except Exception as error:  # noqa: BLE001 - the last place that can say something sensible
        return tell(error)
    return ended if isinstance(ended, int) else 0


def tell(error: Exception) -> int:
    """Says what went wrong, on stderr, and gives the exit code for it."""
    import typer
    from typer.exceptions import TyperException

    from sealane.cli import output

    match error:
        case typer.Abort():
            return INTERRUPTED
        case TyperException():
            return _wrong_usage(error)
        case errors.InvalidFiles():
            output.findings(error.findings, to_stderr=True)
        case errors.SealaneError():
            output.error(error.message, error.hint)
        case OSError(errno=errno.ENOSPC | errno.EDQUOT | errno.EIO | errno.EROFS):
            output.error(
                f"{error.filename or 'the output'} can't be written: {error.strerror}", "make room for it there"
            )
            _traceback_if_wanted(error)
            return COULD_NOT
        case _:
            return _bug(error)
    _traceback_if_wanted(error)
    return error.exit_code


def _wrong_usage(error: TyperException) -> int:
    """Shows invalid arguments; no arguments at all show the help, which is no error to explain."""
    from sealane.cli import output

    context = getattr(error, "ctx", None)
    message = error.format_message().replace("Value error, ", "")
    if type(error).__name__ == "NoArgsIsHelpError":
        output.say(message)
        return WRONG_USAGE
    path = context.command_path if context else "sealane"
    output.error(message[:1].lower() + message[1:].rstrip("."), f"`{path} --help` shows what it takes")
    return WRONG_USAGE


def _left(left: SystemExit) -> int:
    """The exit code where the command line library left: that of a reader who has gone, otherwise its own."""
    if isinstance(left.__context__, BrokenPipeError):
        return READER_GONE
    return left.code if isinstance(left.code, int) else 0 if left.code is None else COULD_NOT


def _bug(error: Exception) -> int:
    from sealane.cli import output

    message = " ".join(str(error).split())
    output.error(
        f"Sealane itself broke: {type(error).__name__}{f': {message}' if message else ''}"[:500],
        None if _debugging() else "SEALANE_DEBUG=1 shows where; please report it",
    )
    _traceback_if_wanted(error)
    return COULD_NOT


def _traceback_if_wanted(error: Exception) -> None:
    if _debugging():
        traceback.print_exception(error)


def _debugging() -> bool:
    return os.environ.get("SEALANE_DEBUG", "0") not in {"", "0"}


def _open_the_closed() -> None:
    """Opens streams that a shell has closed (`>&-`): Python has none there."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - lives as long as the process
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115 - lives as long as the process


def _forget_the_reader(why: type[OSError]) -> None:
    """Discards buffered output, since the interpreter would complain about it while it ends."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except why:
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
