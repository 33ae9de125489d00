"""`sealane serve`: the API, the pages and the worker in one process."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from sealane.cli import headings, output

_STOP_WITHIN = 10


def serve(
    data: Annotated[Path | None, typer.Option(help="Folder of everything the server keeps.")] = None,
    config: Annotated[Path | None, typer.Option(help="Folder that holds environments/*.yaml.")] = None,
    database: Annotated[str | None, typer.Option(help="PostgreSQL URL instead of SQLite in the data folder.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    role: Annotated[str, typer.Option(help="all, api or worker.")] = "all",
) -> None:
    """Run the server; every setting also comes from SEALANE_… variables."""
    import pydantic

    from sealane import wiring
    from sealane.errors import UsageError
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


def _run(settings: Any, role: Any) -> None:
    import uvicorn

    from sealane.server import application

    app = application.create(settings, role=role)
    configuration = uvicorn.Config(
        app,
        host=settings.http.host,
        port=settings.http.port,
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

    server = Server(configuration)
    server.run()
    if not server.started:
        raise typer.Exit(3)


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
