"""The command line's page is what the commands say of themselves, and asking them loads nothing heavy."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from sealane.cli import app, headings

DOCS = Path(__file__).parents[2] / "docs"
HEAVY = [
    *("fastapi", "starlette", "uvicorn", "dbos", "sqlalchemy", "alembic", "kubernetes", "docker", "aiohttp", "httpx"),
    *("pydantic", "yaml", "jinja2", "msgspec", "rich", "cel_expr_python"),
]


def generator():
    spec = importlib.util.spec_from_file_location("generate_cli", DOCS / "generate_cli.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def commands(command=None, path="sealane"):
    """Every command with its whole name."""
    command = command or app.command()
    yield path, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, f"{path} {name}")


def test_the_page_is_current(monkeypatch):
    """Otherwise run `make docs`."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("NO_COLOR", "")

    assert (DOCS / "cli.md").read_text() == generator().page()


@pytest.mark.parametrize(("path", "command"), [pair for pair in commands() if pair[0] != "sealane"])
def test_every_command_explains_itself(path, command):
    """A sentence for it and for each option; at the top also a heading and an example."""
    assert command.help
    assert command.help.splitlines()[0].endswith(".")
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{path}: {parameter.name}"
    if path.count(" ") == 1:
        assert app.heading_of(command) in headings.ALL
        shown = [command.epilog, *(below.epilog for below in getattr(command, "commands", {}).values())]
        assert any(f"  {path}" in (epilog or "") for epilog in shown), f"{path} shows no example of itself"


def test_help_loads_nothing_heavy():
    """`sealane --help` and completion answer at once: no server, database, cluster client, nor even pydantic."""
    script = (
        "import sys\nfrom sealane.cli import main\n"
        f"code = main(['--help'])\nprint(code, [name for name in {HEAVY} if name in sys.modules], file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)

    assert run.stderr.strip() == "0 []"
