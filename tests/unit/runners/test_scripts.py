"""The script of a step, run by the shell of this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from sealane.runners import scripts


def run(*commands: str) -> subprocess.CompletedProcess[str]:
    argv = [*scripts.ENTRYPOINT, scripts.script(commands)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)


def test_each_command_is_said_before_it_runs() -> None:
    assert run("echo one", "printf '%s\\n' \"it's $((1 + 1))\"").stdout == (
        "+ echo one\none\n+ printf '%s\\n' \"it's $((1 + 1))\"\nit's 2\n"
    )


def test_a_command_of_several_lines_is_said_with_all_of_them() -> None:
    done = run("if true; then\n  echo yes\nfi\n")
    assert done.stdout == "+ if true; then\n    echo yes\n  fi\nyes\n"


def test_the_first_command_that_fails_ends_it_with_its_code() -> None:
    done = run("true", "(exit 7)", "echo never")
    assert done.returncode == 7
    assert "never" not in done.stdout


def test_folders_and_variables_last_from_command_to_command(tmp_path: Path) -> None:
    done = run(f"cd {tmp_path}", "export WORD=kept", "pwd; echo $WORD")
    assert done.stdout.splitlines()[-2:] == [str(tmp_path), "kept"]


def test_a_command_that_says_exit_ends_it_there() -> None:
    assert run("exit 0", "exit 9").returncode == 0


@pytest.mark.parametrize("word", ["$(touch harm)", "`touch harm`", "'; touch harm; '", '"', "\\", "*", "a\tb"])
def test_saying_a_command_runs_nothing_of_it(word: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", scripts.script([f": {word}"]).splitlines()[1]],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        check=False,
    )
    assert done.stdout == f"+ : {word}\n"
    assert not list(tmp_path.iterdir())
