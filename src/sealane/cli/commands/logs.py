"""`sealane logs`: what steps printed, and what runs now prints."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Annotated, Any

import typer

from sealane.cli import headings, options, output
from sealane.cli.remote import client, connection, names
from sealane.cli.screens import terminal
from sealane.errors import NotThere

_TESTS_SHOWN = 20


def logs(
    what: Annotated[
        str,
        typer.Argument(
            help="A run's id, an app (its newest run), or app/formation for what runs there.",
            autocompletion=options.served,
        ),
    ],
    step: Annotated[str | None, typer.Option(help="Only this step of the run, or this container.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as more lines come.")] = False,
    tail: Annotated[int, typer.Option(help="How many earlier lines of what runs now to print.")] = 50,
    of: Annotated[str | None, typer.Option(help="Only this workload or pod: Deployment/web, Pod/web-1.")] = None,
    find: Annotated[str | None, typer.Option(help="Only lines of what runs now that contain this text.")] = None,
) -> None:
    """Print the logs of a run's steps, or of what runs in a formation."""
    server = connection.server()
    if "/" in what:
        query = {"follow": str(follow).lower(), "tail": tail, "container": step, "object": of, "find": find}
        _copy(server.stream(f"/api/formations/{what}/logs", **query))
        return
    run = what if what.startswith("r-") else names.newest_run(server, what)
    done: set[str] = set()
    while True:
        view = server.get(f"/api/runs/{run}")
        ready = [
            started
            for started in view["steps"]
            if started["started"] and started["key"] not in done and step in {None, started["name"]}
        ]
        for started in ready:
            output.say(f"── {started['name']}", "bold")
            _copy(server.stream(f"/api/runs/{run}/logs/{started['key']}", follow=str(follow).lower()))
            done.add(started["key"])
            _reports(server.get(f"/api/runs/{run}")["reports"], started["key"])
        if not follow or (not ready and view["run"]["ended"]):
            break
    if view["deliveries"] and step is None:
        output.say("── deliveries", "bold")
        client.deliveries(view["deliveries"])
    if not view["steps"] and view["run"]["reason"]:
        output.say(str(server.get(f"/api/why/{run}")["sentence"]))
    if step and not done:
        known = ", ".join(entry["name"] for entry in view["steps"])
        raise NotThere(f"run {run} has no log of {step}", hint=f"its steps: {known}")


def _reports(reports: list[dict[str, Any]], key: str) -> None:
    """The test reports of the step's last attempt."""
    from sealane.reports import model

    mine = [entry["report"] for entry in reports if entry["key"] == key]
    from sealane import typed_data

    for line, is_wrong in model.spoken(typed_data.convert(mine[-1], model.Report), most=_TESTS_SHOWN) if mine else ():
        output.say(line, "red" if is_wrong else "dim")


def _copy(parts: Iterable[bytes]) -> None:
    """Copies bytes unchanged into a file or pipe; to a terminal as lines without control sequences."""
    if sys.stdout.isatty():
        lines = terminal.Lines()
        for part in parts:
            for line in lines.feed(part):
                output.data(line)
        for line in lines.close():
            output.data(line)
        return
    for part in parts:
        sys.stdout.buffer.write(part)
        sys.stdout.buffer.flush()


def add_to(app: typer.Typer) -> None:
    """Adds `logs`."""
    examples = output.examples(
        "sealane logs shop -f",
        "sealane logs r-1 --step test",
        "sealane logs shop/dev -f",
        "sealane logs shop/dev --of Pod/web-1 --find error",
    )
    app.command("logs", rich_help_panel=headings.SERVER, epilog=examples)(logs)
