"""`sealane run`: a pipeline on this machine, by the compiler and runner the server uses."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sealane import errors
from sealane.cli import exits, headings, options, output
from sealane.events.model import EventKind

if TYPE_CHECKING:
    from sealane import run_events
    from sealane.cli.screens.run_screen import Screen
    from sealane.runners.docker import ContainerDefaults
    from sealane.runners.model import RunContext
    from sealane.runners.port import Runner
    from sealane.runs.local_run import RunRequest
    from sealane.runs.model import RunResult

_SECRETS = "A file of NAME=value lines with the secrets the steps ask for."
_CLEAN = "Run a fresh clone of the last commit instead of the folder as it is."
_STEP = "Run only this step, or image; may be given several times."
_LINES = "Print lines instead of drawing the live view."


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples(
        "sealane run",
        "sealane run ../shop --secrets-file ~/.config/shop-secrets",
        "sealane run --step test --step lint",
        "sealane run --clean --event pull_request --branch main",
        "sealane run --json | jq 'select(.event == \"StepEnded\")'",
    )
    app.command("run", rich_help_panel=headings.ANYWHERE, epilog=more)(run)


def run(
    ctx: typer.Context,
    path: Annotated[
        Path, typer.Argument(help="A folder, or a pipeline file in it.", show_default=False, parser=options.path)
    ] = Path(),
    *,
    secrets_file: Annotated[
        Path | None, typer.Option("--secrets-file", metavar="FILE", help=_SECRETS, parser=options.path)
    ] = None,
    step: Annotated[list[str] | None, typer.Option("--step", metavar="NAME", help=_STEP)] = None,
    clean: Annotated[bool, typer.Option("--clean", help=_CLEAN)] = False,
    event: Annotated[EventKind, typer.Option("--event", help="The event to run as.")] = EventKind.PUSH,
    branch: Annotated[
        str | None, typer.Option("--branch", metavar="NAME", help="Its branch.", show_default="the one checked out")
    ] = None,
    ref: Annotated[str | None, typer.Option("--ref", metavar="REF", help="Its ref, such as refs/tags/v1.")] = None,
    at_once: Annotated[int, typer.Option("--at-once", min=1, help="Steps that may run at the same time.")] = 4,
    grace: Annotated[
        float, typer.Option("--grace", min=0, metavar="SECONDS", help="How long a stopped step has to end by itself.")
    ] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document a line for each event.")] = False,
    no_live: Annotated[bool, typer.Option("--no-live", help=_LINES)] = False,
) -> None:
    """Run .sealane.yml on this machine.

    Steps run in containers of the Docker or Podman that answers, on the folder as it is. Nothing is pushed, tagged or
    delivered. Needs no server. Ends with 0 when all passed, 1 when a step failed, 2 when a file or option is wrong,
    3 when the engine could not do it, 130 when interrupted.
    """
    from sealane.cli.screens import run_screen
    from sealane.runners import clone_folders
    from sealane.runners.docker import ContainerDefaults
    from sealane.runs import local_run

    screen = run_screen.screen(as_json=as_json, live=not no_live)
    with clone_folders.clone_folder(wanted=clean) as folder:
        asked = local_run.RunRequest(
            path=path,
            clean=folder,
            steps=tuple(step or ()),
            event=event,
            branch=branch,
            ref=ref,
            secrets_file=secrets_file,
            adapters=options.tables(ctx),
        )
        habits = ContainerDefaults(grace=timedelta(seconds=grace))
        result = asyncio.run(_run(asked, screen, habits, at_once))
    raise typer.Exit(exit_code(result))


def exit_code(result: RunResult) -> int:
    """The command's exit code for how a run ended."""
    from sealane.pipelines.model import RunStatus

    codes = {
        RunStatus.FAILED: exits.FAILED,
        RunStatus.BROKEN: exits.COULD_NOT,
        RunStatus.CANCELLED: exits.INTERRUPTED,
    }
    return codes.get(result.status, exits.COULD_NOT if result.leftovers else 0)


async def _run(asked: RunRequest, screen: Screen, habits: ContainerDefaults, at_once: int) -> RunResult:
    from sealane import clock
    from sealane.clients.engine import discovery
    from sealane.runners import process_identity, sweep
    from sealane.runners.docker import DockerRunner
    from sealane.runs import local_images, local_memory, local_run

    looking = asyncio.create_task(discovery.find())
    try:
        assembled = await local_run.assemble(asked, now=clock.now())
    except BaseException:  # what is wrong with the files is told, whatever becomes of the engine
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        raise
    engine = await looking
    try:
        for key in await sweep.sweep(engine):
            screen.say(f"removed what run {key} left behind when it was killed")
        runner = DockerRunner(engine, owner=str(process_identity.this_process()), habits=habits)
        stop = asyncio.Event()
        listener = _Listener(screen, stop)
        _stop_when_interrupted(runner, assembled.work, screen, stop)
        with screen.shown(assembled):
            images = local_images.maker(engine.address)
            result = await local_memory.run(
                assembled.work, runner, listener.tell, stop=stop, images=images, at_once=at_once
            )
    finally:
        await engine.close()
    listener.raise_if_gone()
    screen.conclude(result, exit_code(result))
    return result


class _Listener:
    """Tells the screen; one that has gone, a closed pipe or terminal, ends the run instead of breaking it."""

    def __init__(self, screen: Screen, stop: asyncio.Event) -> None:
        self._screen = screen
        self._stop = stop
        self._gone: OSError | None = None

    def tell(self, fact: run_events.RunEvent) -> None:
        if self._gone:
            return
        try:
            self._screen.tell(fact)
        except OSError as error:
            self._gone = error
            self._stop.set()

    def raise_if_gone(self) -> None:
        if self._gone:
            raise self._gone


def _stop_when_interrupted(runner: Runner, work: RunContext, screen: Screen, stop: asyncio.Event) -> None:
    """The first Ctrl-C, or being asked to end, ends what runs politely; another one kills it. Both clean up."""
    loop = asyncio.get_running_loop()
    killing: set[asyncio.Task[None]] = set()

    def interrupted() -> None:
        if not stop.is_set():
            stop.set()
            _whisper(screen, "ending what runs, then cleaning up; Ctrl-C again kills it at once")
        elif not killing:
            killing.add(asyncio.create_task(_kill(runner, work)))
            _whisper(screen, "killing what runs, then cleaning up")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, interrupted)


async def _kill(runner: Runner, work: RunContext) -> None:
    with contextlib.suppress(errors.SealaneError):
        await runner.kill(work.run)


def _whisper(screen: Screen, text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be what has gone
        screen.say(text)
