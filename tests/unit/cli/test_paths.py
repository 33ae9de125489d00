"""Paths on the command line: `~` is somebody's home wherever a shell left it."""

from __future__ import annotations

import importlib
import subprocess
import sys
import typing
from pathlib import Path

import pytest
import typer

from sealane.cli import app, options
from sealane.runners import clone_folders, log_retention
from sealane.secrets import keys


def annotated() -> dict[str, typing.Any]:
    """Every option and argument of every command that is a path, with what typer is told of it."""
    registered = typer.Typer()
    for name in app.COMMANDS.values():
        importlib.import_module(f"sealane.cli.commands.{name}").add_to(registered)
    groups = [registered, *(group.typer_instance for group in registered.registered_groups)]
    options = {}
    for command in (
        registered_command for group in groups if group for registered_command in group.registered_commands
    ):
        function = command.callback
        assert function is not None
        module = sys.modules[function.__module__]
        for name, hint in typing.get_type_hints(function, vars(module), include_extras=True).items():
            kind, *more = typing.get_args(hint) if typing.get_origin(hint) is typing.Annotated else (hint,)
            if Path in {kind, *typing.get_args(kind)}:
                options[f"{function.__module__.removeprefix('sealane.cli.commands.')}.{function.__name__}.{name}"] = (
                    more
                )
    return options


FOUND = annotated()


def test_the_table_has_what_it_is_about() -> None:
    assert {"serve.serve.data", "serve.serve.config", "run.run.secrets_file", "deploy.deploy.kubeconfig"} <= set(FOUND)


@pytest.mark.parametrize("name", FOUND)
def test_every_path_option_expands_the_home(name: str) -> None:
    assert [info.parser for info in FOUND[name]] == [options.path], "write parser=options.path"


def test_a_home_in_an_option_is_found(tmp_path: Path) -> None:
    """As shells leave it in `--folder=~/shop`."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / ".sealane.yml").write_text("app: shop\nsteps: [{name: a, image: busybox, commands: 'true'}]\n")
    command = [sys.executable, "-c", "import sys; from sealane.cli import main; sys.exit(main())", "validate", "~/shop"]
    done = subprocess.run(command, env={"HOME": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, "nothing wrong" in done.stderr) == (0, True), done.stderr


def test_the_home_of_nobody_is_a_wrong_option() -> None:
    with pytest.raises(typer.BadParameter, match="~nobody-is-called-so"):
        options.path("~nobody-is-called-so/x")


def test_folders_of_the_user_do_not_move_with_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative ones in variables are mounted, and used again after the process went elsewhere."""
    monkeypatch.chdir(tmp_path)
    with clone_folders.clone_folder(wanted=True, environ={"XDG_CACHE_HOME": "cache"}) as clone:
        assert clone is not None
        assert clone.is_relative_to(tmp_path / "cache")
    assert (
        log_retention.log_folder("r-1", {"XDG_STATE_HOME": "state"}).folder
        == tmp_path / "state" / "sealane" / "runs" / "r-1"
    )
    assert keys.own_folder({"XDG_DATA_HOME": "data"}) == tmp_path / "data" / "sealane"
