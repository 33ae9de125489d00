"""`sealane serve`: the API, the pages and the worker in one process."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sealane import data_folder
from sealane.cli import headings, options, output
from sealane.errors import UsageError
from sealane.findings import did_you_mean

if TYPE_CHECKING:
    from sealane import composition
    from sealane.adapters import Adapters
    from sealane.settings.model import Settings

_PING_EVERY = 10.0
"""Seconds of silence after which a relay's connection is pinged, and the time it has to answer."""
_STOP_WITHIN = 10


def serve(
    ctx: typer.Context,
    *,
    data: Annotated[
        Path | None, typer.Option(help="Folder for all data of the server.", parser=options.path, metavar="<path>")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Folder that holds environments/*.yaml.", parser=options.path, metavar="<path>")
    ] = None,
    database: Annotated[str | None, typer.Option(help="PostgreSQL URL instead of SQLite in the data folder.")] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on.")] = None,
    role: Annotated[str, typer.Option(help="all, api or worker.")] = "all",
    new_admin: Annotated[
        str | None,
        typer.Option(help="Make this user an administrator, print a token for them, and end.", metavar="<name>"),
    ] = None,
) -> None:
    """Run the server; every setting also comes from SEALANE_… variables."""
    from sealane import composition

    http = {name: value for name, value in {"host": host, "port": port}.items() if value is not None}
    given: dict[str, Any] = {"data": data, "config": config, "database": database, "http": http or None}
    given = {name: value for name, value in given.items() if value is not None}
    written: dict[tuple[str, ...], str] = {(name,): f"--{name}" for name in given}
    written |= {("http", name): f"--{name}" for name in http}
    settings = _settings(given, written)
    if role not in set(composition.Role):
        raise UsageError(f"there is no role {role}", hint=did_you_mean(role, composition.Role))
    os.umask(data_folder.UMASK)
    if new_admin is not None:
        from sealane.accounts import server_access

        output.data(asyncio.run(server_access.restore_administrator(settings, new_admin)))
        output.say(f"{new_admin} is an administrator; the token above is not shown again")
        return
    _run(settings, composition.Role(role), options.tables(ctx))


def _settings(given: dict[str, Any], options: dict[tuple[str, ...], str]) -> Settings:
    """The settings. Raises UsageError for unknown variables, wrong values, and missing folders."""
    import pydantic
    from pydantic_settings import SettingsError

    from sealane.settings import errors as settings_errors
    from sealane.settings.model import Settings

    if wrong := settings_errors.unknown(os.environ):
        raise UsageError("; ".join(wrong), hint="docs/settings.md lists all; unset what is not one")
    try:
        settings = Settings(**given)
    except pydantic.ValidationError as error:
        raise UsageError(f"the settings can't be used: {'; '.join(settings_errors.wrong(error, options))}") from error
    except SettingsError as error:
        message = f"the settings can't be used: {settings_errors.unreadable(os.environ)} is not JSON"
        raise UsageError(message, hint='a list is written as ["one", "two"]') from error
    for folder, name in (
        (settings.config, "--config, or SEALANE_CONFIG,"),
        (settings.secrets.identities, "SEALANE_SECRETS__IDENTITIES"),
    ):
        if folder is not None and not folder.is_dir():
            raise UsageError(f"the folder of {name} is not there: {folder}", hint=f"mkdir -p {folder}, or fix the path")
    return settings


def _run(settings: Settings, role: composition.Role, adapters: Adapters) -> None:
    import uvicorn

    from sealane import __version__, composition, log_lines
    from sealane.server import application, catch_up, head_timeout, listener, metric_push

    log_lines.configure(settings.log.format)
    app = application.create(settings)
    configuration = uvicorn.Config(
        app,
        host=settings.http.host,
        port=settings.http.port,
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        http=head_timeout.protocol(settings.http.header_timeout),
        ws="websockets-sansio",
        ws_ping_interval=_PING_EVERY,
        ws_ping_timeout=_PING_EVERY,
        proxy_headers=bool(settings.http.trusted_proxies),
        forwarded_allow_ips=settings.http.trusted_proxies,
        timeout_graceful_shutdown=_STOP_WITHIN,
    )

    class Server(uvicorn.Server):
        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                log_lines.event(
                    "server.started",
                    version=__version__,
                    role=role.value,
                    url=settings.public_url,
                    config=str(settings.config_folder),
                )
                _say_hello(app.state.server)

        async def shutdown(self, sockets: Any = None) -> None:
            await super().shutdown(sockets)
            await app.state.until_shutdown.aclose()
            await app.state.server.stop()  # here, because afterwards the signal that ended it is raised again
            log_lines.event("server.stopped")

    server = Server(configuration)

    listening = listener.listen(settings.http.host, settings.http.port)

    async def work() -> None:
        app.state.server = await composition.start(settings, role=role, adapters=adapters)
        async with AsyncExitStack() as until_shutdown:
            app.state.until_shutdown = until_shutdown
            if role is not composition.Role.WORKER:
                await catch_up.at_start(app.state.server)
                await until_shutdown.enter_async_context(catch_up.trying(app.state.server))
            await until_shutdown.enter_async_context(metric_push.pushing(app.state.server, app.state.metrics))
            await server.serve(sockets=[listening])

    with asyncio.Runner(loop_factory=configuration.get_loop_factory()) as runner:
        runner.run(work())


def _say_hello(started: Any) -> None:
    output.say(f"Sealane serves at {started.settings_url}")
    if started.first_token:
        output.say("first start: the administrator is `admin`, with this token, which is not shown again:")
        output.data(started.first_token)
        output.say(f"sealane login {started.settings_url}")


def add_to(app: typer.Typer) -> None:
    """Adds `serve`."""
    examples = output.examples(
        "sealane serve", "sealane serve --config /etc/sealane --port 80", "sealane serve --new-admin kim"
    )
    app.command("serve", rich_help_panel=headings.RUNNING, epilog=examples)(serve)
