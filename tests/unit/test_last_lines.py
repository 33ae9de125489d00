"""How a log ends: what `why` shows of a failed step."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from sealane.blobs.logs import Logs


def logged(folder: Path, *attempts: bytes) -> Logs:
    logs = Logs(folder)
    for number, content in enumerate(attempts, start=1):
        with logs.writer("r-1", "step/test", number) as writer:
            writer.write(content)
    return logs


def test_the_last_lines_that_say_something(tmp_path: Path) -> None:
    """Of the last attempt, without colours, empty lines and carriage returns; whole where there are few."""
    logs = logged(tmp_path, b"first try\n", b"\x1b[31m3 failed\x1b[0m\r\n\n  \nbye\n\n")
    assert logs.last_lines("r-1", "step/test", most=2) == ("3 failed", "bye")
    assert logs.last_lines("r-1", "step/test", most=9) == ("first try", "3 failed", "bye")
    assert logs.last_lines("r-1", "step/none", most=9) == ()


def test_of_a_large_log_only_its_end_is_read(tmp_path: Path) -> None:
    """A line that is cut by that is left out; a very long one is cut itself."""
    logs = logged(tmp_path, b"".join(b"line %06d\n" % number for number in range(20_000)) + b"x" * 5_000 + b"\n")
    lines = logs.last_lines("r-1", "step/test", most=3)
    assert lines == ("line 019998", "line 019999", "x" * 1_000)
    every = logs.last_lines("r-1", "step/test", most=100_000)
    assert all(len(line) in {11, 1_000} for line in every)


@given(content=st.binary(max_size=2_000))
def test_whatever_was_printed_the_lines_are_text_without_control(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for line in logged(Path(folder), content).last_lines("r-1", "step/test", most=50):
            assert line.strip()
            assert not any(ord(character) < 32 and character != "\t" for character in line)


def test_what_is_erased_leaves_only_who_did_it(tmp_path: Path) -> None:
    """Of every step and attempt of that run; who read along goes on behind the end."""
    logs = logged(tmp_path, b"token abc\n", b"token abc again\n")
    with logs.writer("r-1", "image/web") as writer:
        writer.write(b"abc")
    with logs.writer("r-11", "step/test") as writer:
        writer.write(b"of another run\n")
    for _ in range(2):
        logs.erase("r-1", "kim erased it")
        assert logs.read("r-1", "step/test", offset=0, limit=99) == b"kim erased it\n"
        assert logs.read("r-1", "image/web", offset=0, limit=99) == b"kim erased it\n"
    assert logs.read("r-11", "step/test", offset=0, limit=99) == b"of another run\n"
    assert not [file for file in tmp_path.rglob("*.log") if b"abc" in file.read_bytes()]
