"""How commands end: exit codes, short words for known errors, no traceback, quiet pipes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest
import typer

from sealane import cli, errors
from sealane.cli import app, exits
from sealane.findings import Finding, Place

SEALANE = [sys.executable, "-c", "import sys; from sealane.cli import main; sys.exit(main())"]


@pytest.fixture
def raising(monkeypatch):
    """Gives the command line one command, `do`, that raises what it is told to."""

    def use(error: BaseException) -> None:
        def do() -> None:
            raise error

        def command(_arguments):
            only = typer.Typer()
            only.command("do")(do)
            only.command("other")(lambda: None)
            return typer.main.get_command(only)

        monkeypatch.setattr(app, "command", command)

    monkeypatch.delenv("SEALANE_DEBUG", raising=False)
    monkeypatch.setenv("NO_COLOR", "1")
    return use


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("x"), 2),
        (errors.NotThere("x"), 2),
        (errors.Refused("x"), 1),
        (errors.Conflicting("x"), 1),
        (errors.NotSignedIn("x"), 1),
        (errors.Unavailable("x"), 3),
        (errors.Fenced("x"), 3),
        (errors.SealaneError("x"), 3),
        (typer.Exit(1), 1),
        (typer.Exit(), 0),
        (typer.BadParameter("x"), 2),
        (typer.Abort(), 130),
        (KeyboardInterrupt(), 130),
        (SystemExit(4), 4),
        (BrokenPipeError(), 141),
        (RuntimeError("x"), 3),
        (OSError("x"), 3),
    ],
)
def test_exit_code(raising, capsys, error, code):
    """By the kind of error, and none with a traceback."""
    raising(error)

    assert cli.main(["do"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err


def test_a_known_error_says_what_and_how_to_fix_it(raising, capsys):
    raising(errors.Unavailable("no container engine answers", hint="start Docker or Podman"))

    cli.main(["do"])

    assert capsys.readouterr().err == "error: no container engine answers\n       start Docker or Podman\n"


def test_invalid_files_show_all_findings_in_order(raising, capsys):
    later = Finding(message="worse", place=Place(file="f", line=3, column=1))
    first = Finding(message="bad", place=Place(file="f", line=1, column=7), hint="write good")
    raising(errors.InvalidFiles([later, first]))

    assert cli.main(["do"]) == 2
    assert capsys.readouterr().err == "f:1:7: error: bad\n    write good\nf:3:1: error: worse\n"


def test_a_bug_is_admitted_in_one_line_and_shown_whole_on_demand(raising, capsys, monkeypatch):
    raising(KeyError("a\nb"))

    assert cli.main(["do"]) == 3
    err = capsys.readouterr().err
    assert err.splitlines()[0].startswith("error: Sealane itself broke: KeyError:")
    assert "SEALANE_DEBUG=1" in err
    assert len(err.splitlines()) == 2

    monkeypatch.setenv("SEALANE_DEBUG", "1")
    cli.main(["do"])
    assert "Traceback" in capsys.readouterr().err


def test_a_command_may_return_its_exit_code(monkeypatch):
    """For what is no error but not as asked either."""

    def command(_arguments):
        only = typer.Typer()
        only.command("do")(lambda: 1)
        only.command("other")(lambda: None)
        return typer.main.get_command(only)

    monkeypatch.setattr(app, "command", command)

    assert cli.main(["do"]) == 1
    assert cli.main(["other"]) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["vaildate"], "no such command 'vaildate'"),
        (["validate", "--jsn"], "no such option: --jsn"),
        (["schema", "formatoin"], "'formatoin' is not one of 'pipeline', 'formation', 'environment'"),
        (["validate", "a", "b"], "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_explained(capsys, arguments, words):
    assert cli.main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "--help` shows what it takes" in err


def test_asking_for_nothing_shows_the_help(capsys):
    """On stderr and with 2, because nothing was done."""
    assert cli.main([]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage: sealane" in err
    assert "error:" not in err


def test_version(capsys):
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("sealane ")


def test_debug_is_an_option_too(tmp_path, monkeypatch, capsys):
    """`--debug` in front of the command."""
    monkeypatch.setenv("SEALANE_DEBUG", "0")

    assert cli.main(["--debug", "validate", str(tmp_path / "nothing")]) == 2
    assert "Traceback" in capsys.readouterr().err


def test_a_reader_that_goes_away_is_no_error():
    """`sealane schema | head -1` is quiet."""
    run = subprocess.Popen([*SEALANE, "schema"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    run.stdout.close()

    _, err = run.communicate(timeout=30)
    assert err == b""
    assert run.returncode == exits.READER_GONE


def test_a_closed_stdout_is_no_traceback():
    """`sealane schema >&-` can't print, and says so at most."""
    closing = ["sh", "-c", '"$@" >&-', "sh", *SEALANE, "schema"]
    run = subprocess.run(closing, capture_output=True, text=True, timeout=30, check=False)

    assert "Traceback" not in run.stderr


def test_an_interrupt_ends_quietly(tmp_path):
    """Ctrl-C while a file is read: 130 and no traceback."""
    os.mkfifo(tmp_path / "pipeline.yml")
    script = (
        "import sys, os, pathlib; from sealane.cli import main; from sealane import repository_check;"
        "repository_check.check_text = lambda *a, **k: (print('reading', flush=True), open(sys.argv.pop()).read());"
        "sys.exit(main(['validate', __file__]))"
    ).replace("__file__", repr(__file__))
    command = [sys.executable, "-c", script, str(tmp_path / "pipeline.yml")]
    run = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert run.stdout.readline() == b"reading\n"

    run.send_signal(signal.SIGINT)

    _, err = run.communicate(timeout=30)
    assert run.returncode == 130
    assert b"Traceback" not in err
