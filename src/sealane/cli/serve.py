"""`sealane serve`: the API, the pages and the worker in one process."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sealane.cli import headings, options, output
from sealane.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from sealane import wiring
    from sealane.settings import Settings

_STOP_WITHIN = 10


def serve(
    data: Annotated[
        Path | None, typer.Option(help="Folder of everything the server keeps.", parser=options.path, metavar="<path>")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Folder that holds environments/*.yaml.", parser=options.path, metavar="<path>")
    ] = None,
    database: Annotated[str | None, typer.Option(help="PostgreSQL URL instead of SQLite in the data folder.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    role: Annotated[str, typer.Option(help="all, api or worker.")] = "all",
) -> None:
    """Run the server; every setting also comes from SEALANE_… variables."""
    import pydantic

    from sealane import wiring
    from sealane.settings import Settings

    given: dict[str, Any] = {"data": data, "config": config, "database": database}
    try:
        settings = Settings(**{name: value for name, value in given.items() if value is not None})
        http = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
        settings = settings.model_copy(update={"http": type(settings.http)(**(settings.http.model_dump() | http))})
        wanted = wiring.Role(role)
    except (pydantic.ValidationError, ValueError) as error:
        raise UsageError(f"the settings can't be used: {_first(error)}") from error
    _run(settings, wanted)


def _run(settings: Settings, role: wiring.Role) -> None:
    import uvicorn

    from sealane import wiring
    from sealane.server import application
    from sealane.server.api import git

    app = application.create(settings)
    configuration = uvicorn.Config(
        app,
        host=settings.http.host,
        port=settings.http.port,
        lifespan="off",
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_STOP_WITHIN,
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                _say_hello(app.state.server)

        async def shutdown(self, sockets: Any = None) -> None:
            await super().shutdown(sockets)
            await app.state.server.stop()  # here: afterwards the signal that ended it is raised again

    server = Server(configuration)

    listening = _listen(settings.http.host, settings.http.port)

    async def work() -> None:
        app.state.server = await wiring.start(settings, role=role)
        if role is not wiring.Role.WORKER:
            await git.catch_up(app.state.server)
        await server.serve(sockets=[listening])

    with asyncio.Runner(loop_factory=configuration.get_loop_factory()) as runner:
        runner.run(work())


def _listen(host: str, port: int) -> socket.socket:
    try:
        return socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        raise Unavailable(
            f"can't listen on {host}, port {port}: {str(error.strerror).partition(' (while')[0]}",
            mend="name another with --port or --host, or end the program that has it",
        ) from error


def _say_hello(started: Any) -> None:
    output.say(f"Sealane serves at {started.settings_url}")
    if started.first_token:
        output.say("first start: the administrator is `admin`, with this token, which is not shown again:")
        output.data(started.first_token)
        output.say(f"sealane login {started.settings_url}")


def _first(error: Exception) -> str:
    errors = getattr(error, "errors", None)
    if errors is None:
        return str(error)
    first = errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])} {first['msg']}"


def add_to(app: typer.Typer) -> None:
    """Adds `serve`."""
    examples = output.examples("sealane serve", "sealane serve --config /etc/sealane --port 80")
    app.command("serve", rich_help_panel=headings.RUNNING, epilog=examples)(serve)
