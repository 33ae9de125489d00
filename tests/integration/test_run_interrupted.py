"""However `sealane run` ends, nothing of it stays in the engine."""

from __future__ import annotations

import os
import pty
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from tests.integration.runs import Folder, until

LONG = "touch started; sleep 300"
STUBBORN = "trap '' TERM; touch started; while :; do sleep 0.2 || true; done"


@dataclass
class Terminal:
    """A run in a terminal of its own, and all it has drawn there so far."""

    process: subprocess.Popen[str]
    end: int
    drawn: bytes = b""

    def press(self, key: bytes) -> None:
        """What a person's keyboard sends; Ctrl-C becomes SIGINT of the foreground's process group."""
        os.write(self.end, key)

    def read(self) -> None:
        """Takes in what was drawn; returns when there is nothing more for now."""
        while True:
            try:
                piece = os.read(self.end, 65536)
            except (BlockingIOError, OSError):
                return
            if not piece:
                return
            self.drawn += piece

    def ended(self) -> bool:
        self.read()
        return self.process.poll() is not None


@contextmanager
def terminal(here: Folder, *options: str) -> Iterator[Terminal]:
    ours, theirs = pty.openpty()
    os.set_blocking(ours, False)
    process = here.start(
        *options, stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=lambda: _make_it_the_terminal(theirs)
    )
    os.close(theirs)
    try:
        yield Terminal(process=process, end=ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def _make_it_the_terminal(end: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(end, termios.TIOCSCTTY, 0)


def has_begun(here: Folder) -> bool:
    return (here.path / "started").exists()


def service(here: Folder) -> dict[str, object]:
    return {"db": {"image": here.image, "command": ["/bin/sh", "-c", "sleep 300"]}}


def test_ctrl_c_ends_the_step_politely_and_leaves_nothing(here: Folder) -> None:
    """The step's own processes get TERM: this one notes that it did."""
    command = "sh -c \"trap 'touch polite; exit 1' TERM; touch started; while :; do sleep 0.1; done\""
    here.write(services=service(here), steps=[{"name": "long", "commands": [command]}])
    with terminal(here) as shown:
        until(lambda: shown.read() or has_begun(here))
        shown.press(b"\x03")
        until(shown.ended)
        assert shown.process.returncode == 130
    assert (here.path / "polite").exists()
    text = re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", shown.drawn).decode()
    assert "ending what runs, then cleaning up" in text
    assert "interrupted in" in text
    assert "everything it started is gone" in text
    assert here.traces() == []


def test_a_second_ctrl_c_kills_what_does_not_end_and_still_cleans_up(here: Folder) -> None:
    here.write(steps=[{"name": "stubborn", "commands": [STUBBORN]}])
    with terminal(here, "--grace", "300") as shown:
        until(lambda: shown.read() or has_begun(here))
        shown.press(b"\x03")
        until(lambda: shown.read() or b"Ctrl-C again" in shown.drawn)
        shown.press(b"\x03")
        until(shown.ended)
        assert shown.process.returncode == 130
    assert here.traces() == []


def test_a_step_that_ignores_being_asked_to_end_is_killed_after_the_grace(here: Folder) -> None:
    here.write(steps=[{"name": "stubborn", "commands": [STUBBORN]}])
    process = here.start("--grace", "1")
    until(lambda: has_begun(here))
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 130
    assert time.monotonic() - began >= 1
    process.communicate()
    assert here.traces() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_being_asked_to_end_is_like_ctrl_c(here: Folder, number: signal.Signals) -> None:
    here.write(steps=[{"name": "long", "commands": [LONG]}])
    process = here.start()
    until(lambda: has_begun(here))
    process.send_signal(number)
    assert process.wait(120) == 130
    process.communicate()
    assert here.traces() == []


def test_interrupted_while_a_service_is_waited_for(here: Folder) -> None:
    waiting = {"image": here.image, "command": ["/bin/sh", "-c", "sleep 300"], "healthcheck": {"test": "false"}}
    here.write(services={"db": waiting}, steps=[{"name": "long", "commands": [LONG]}])
    process = here.start()
    until(lambda: len(here.traces()) >= 2)
    process.send_signal(signal.SIGINT)
    assert process.wait(120) == 130
    process.communicate()
    assert not has_begun(here)
    assert here.traces() == []


def test_interrupted_while_an_image_is_fetched(here: Folder) -> None:
    """From a registry that accepts connections and never answers."""
    with socket.socket() as registry:
        registry.bind(("127.0.0.1", 0))
        registry.listen()
        image = f"127.0.0.1:{registry.getsockname()[1]}/never/answers:1"
        here.write(steps=[{"name": "long", "image": image, "commands": [LONG]}])
        with here.start() as process:
            assert process.stdout is not None
            process.stdout.readline()  # that it is being fetched
            process.send_signal(signal.SIGINT)
            assert process.wait(120) == 130
    assert here.traces() == []


def test_a_reader_that_goes_away_ends_the_run(here: Folder) -> None:
    """As with `sealane run | head -1`."""
    command = "touch started; while :; do echo more; sleep 0.05; done"
    here.write(steps=[{"name": "talk", "commands": [command]}])
    with here.start() as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(120) == 141
    assert here.traces() == []


@pytest.mark.alone
def test_what_a_killed_run_left_is_removed_by_the_next_one(here: Folder) -> None:
    """Live runs are left alone: another one goes on meanwhile and passes."""
    here.write(services=service(here), steps=[{"name": "long", "commands": [LONG]}])
    with here.start() as killed:
        until(lambda: has_begun(here))
        killed.kill()
    left = here.traces()
    assert len(left) == 3  # the step, the service and their network
    (here.path / "started").unlink()

    here.write(steps=[{"name": "live", "commands": ["touch started", "while [ ! -e go ]; do sleep 0.1; done"]}])
    living = here.start()
    until(lambda: has_begun(here))
    assert not set(left) & set(here.traces())  # it swept before it began

    here.write(steps=[{"name": "short", "commands": ["true"]}])
    assert here.run().returncode == 0
    assert len(here.traces()) == 2
    (here.path / "go").touch()
    assert living.wait(120) == 0
    assert "removed what run" in living.communicate()[1]
    assert here.traces() == []
