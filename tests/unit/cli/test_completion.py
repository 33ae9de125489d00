"""Names are completed by the shell: whatever argument or option takes an app, a formation or a destination."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from typer.main import get_command

from sealane.adapters import SHIPPED
from sealane.cli import app, options

NAMED = (
    "app/formation",
    "A formation:",
    "A formation of",
    "an app (",
    "The app's name.",
    "of this app",
    "The app, where",
    "The cluster meant",
)
"""What the help of an argument says that takes a name which somebody has given before."""
NEW = {("app add", "name"), ("init", "app")}
"""Names that nobody has given yet."""


def parameters(command: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Every parameter of every command."""
    commands = getattr(command, "commands", None)
    if commands is None:
        yield from ((path, param) for param in command.params)  # type: ignore[attr-defined]
        return
    for name, inner in commands.items():
        yield from parameters(inner, f"{path} {name}".strip())


def completed(parameter: object) -> bool:
    return getattr(parameter, "_custom_shell_complete", None) is not None


def test_every_argument_that_names_something_completes_it() -> None:
    whole = app.command()
    lacking = [
        (path, parameter.name)  # type: ignore[attr-defined]
        for path, parameter in parameters(whole)
        if any(word in (getattr(parameter, "help", "") or "") for word in NAMED)
        and (path, parameter.name) not in NEW  # type: ignore[attr-defined]
        and not completed(parameter)
    ]
    assert lacking == []


def test_destinations_are_those_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And none where there is no folder, or what is in it can't be read."""
    monkeypatch.chdir(tmp_path)
    context = typer.Context(get_command(typer.Typer(callback=lambda: None, invoke_without_command=True)), obj=SHIPPED)
    assert options.destinations(context, "") == []
    folder = tmp_path / "environments"
    folder.mkdir()
    (folder / "qa.yaml").write_text("environment: qa\ndestinations: {rome: {dummy: {}}, oslo: {dummy: {}}}\n")
    (folder / "bad.yaml").write_text("environment: [")
    assert options.destinations(context, "") == ["oslo", "rome"]
    assert options.destinations(context, "r") == ["rome"]
