"""The script of a step, run by the shell of this machine."""

from __future__ import annotations

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sealane.runners import scripts

SHELLS = {
    "dash": ("/bin/dash",),
    "busybox": ("/bin/busybox", "sh"),
    "bash": ("/bin/bash", "--posix"),
}
HABITS = {
    "nothing wrong": ": fine",
    "a code": "exit 3",
    "a code above 125": "exit 129",
    "the largest code": "exit 255",
    "a failing command": "false; echo never",
    "a program that is missing": "no-such-program --at all",
    "a program that can't be run": "printf x >plain; chmod 600 plain; ./plain",
    "a folder as a program": "mkdir -p d; ./d",
    "no such shebang": "printf '#!/no/such\\n' >s; chmod +x s; ./s",
    "a failure before a pipe": "false | cat; echo on",
    "a failure after a pipe": "true | false; echo never",
    "a failure in a condition": "if false; then :; fi; false || echo or; ! true; false && true; echo on",
    "a failure in a substitution": "x=$(false); echo never",
    "a failure in an argument": "echo $(false) on",
    "a failure in a group": "(false; echo never); echo never",
    "a failure in a function": "f() { false; echo in; }; f || echo on; f; echo never",
    "a loop": "for x in 1 2; do [ $x = 1 ] || false; done; echo never",
    "a variable that is not set": "set -u; echo ${nothing}; echo never",
    "a slip of the pen": "if then fi",
    "an open quote": "echo 'never ends",
    "its own trap": "trap 'echo bye; exit 5' EXIT; false",
    "another program in its place": "exec sh -c 'exit 7'",
    "a background job that failed": "sh -c 'exit 9' & wait $!; echo never",
    "a killed child": "sh -c 'kill -KILL $$'; echo never",
    "an interrupted background job": "sh -c 'kill -INT $$; echo lived' & wait $!; echo $?",
    "a broken pipe": "yes | head -n1",
    "input that ends at once": "cat; read line || echo none",
    "output without a last line end": "printf abc",
    "bytes that are no text": r"printf '\000\377\200\r\033[31m\n'",
    "both channels": "echo out; echo err >&2; echo out",
    "lines that end in the other way": 'echo one\r\necho "two"\r\n',
    "a command of several lines": "cat <<EOF\none $((1 + 1))\nEOF\necho \\\n  two",
    "a file to be run": "printf '#!/bin/sh\\necho run \"$@\"\\n' >run; chmod 755 run; ./run a 'b c'",
    "a comment": "echo a # b",
}
"""What people write, and what has to come of it: what `sh -e -c` makes of it."""


def run(*commands: str) -> subprocess.CompletedProcess[str]:
    argv = [*scripts.ENTRYPOINT, "-c", scripts.script(commands)]
    return subprocess.run(argv, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("shell", [name for name, (path, *_) in SHELLS.items() if Path(path).exists()])
@pytest.mark.parametrize("way", ["argument", "file"])
def test_a_command_does_what_it_does_without_us(shell: str, way: str, tmp_path: Path) -> None:
    """In every shell that images have as /bin/sh, however the script is handed over."""
    with ThreadPoolExecutor(max_workers=8) as pool:
        told = pool.map(lambda habit: both(SHELLS[shell], way, tmp_path / re.sub(r"\W+", "-", habit), habit), HABITS)
        wrong = {habit: (ours, theirs) for habit, ours, theirs in told if ours != theirs}
    assert wrong == {}


def both(
    shell: tuple[str, ...], way: str, folder: Path, habit: str
) -> tuple[str, tuple[int, bytes], tuple[int, bytes]]:
    command = HABITS[habit]
    for side in ("ours", "theirs"):
        (folder / side).mkdir(parents=True)
    script = folder / "script"
    text = scripts.script([command])
    script.write_bytes(text.encode())
    ours = ended([*shell, "-e", "-c", text if way == "argument" else f". {script}", "sh"], folder / "ours")
    theirs = ended([*shell, "-e", "-c", command, "sh"], folder / "theirs")
    said = f"{scripts.shown_command(command)}\n".encode()
    return habit, (ours[0], plain(ours[1].replace(said, b"", 1))), (theirs[0], plain(theirs[1]))


def ended(argv: list[str], folder: Path) -> tuple[int, bytes]:
    done = subprocess.run(
        argv,
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def plain(said: bytes) -> bytes:
    """Less the numbers of lines, and the names by which shells call what they read."""
    return re.sub(rb"(?m)^(sh: |/bin/\w+: |/\S+/script: |-c: |(line )?\d+: )+", b"", said)


def test_a_long_script_is_handed_over_as_a_file() -> None:
    short, long = scripts.handed_over(["true"]), scripts.handed_over([f": {'x' * 70_000}"])
    assert short.file is None
    assert short.arguments == ("-c", scripts.script(["true"]), "sh")
    assert long.file == scripts.script([f": {'x' * 70_000}"]).encode()
    assert max(len(argument) for argument in long.arguments) < 100


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
