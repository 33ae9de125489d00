"""A command that goes on while a test looks, forked as servers are: it can be read, interrupted and waited for."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import weakref
from collections.abc import Mapping
from pathlib import Path

from tests import server_nursery
from tests.serving import until


class Typed:
    """`sealane WORDS` under way. One that a test leaves running ends with the tests' process."""

    def __init__(self, words: tuple[str, ...], environment: Mapping[str, str], folder: Path) -> None:
        files = Path(tempfile.mkdtemp(prefix="typed-"))
        weakref.finalize(self, shutil.rmtree, files, ignore_errors=True)
        self.out, self.err = files / "out", files / "err"
        self._process = server_nursery.start(
            words, environment, stdout=self.out, stderr=self.err, ended=files / "ended", folder=folder
        )

    @property
    def said(self) -> str:
        """All that it has said on stderr so far."""
        return self.err.read_text() if self.err.exists() else ""

    def says(self, words: str, *, within: float = 60) -> None:
        """Waits until it has said so on stderr; fails where it ends without."""

        def look() -> bool:
            ended = self._process.poll() is not None  # asked first: what it said at its end is read then
            assert words in self.said or not ended, f"it ended without {words!r}: {self.said}"
            return words in self.said

        until(f"the command to say {words!r}: {self.said}", look, within=within)

    def interrupt(self) -> None:
        """Ctrl-C."""
        os.kill(self._process.pid, signal.SIGINT)

    def ends(self, *, within: float = 60) -> tuple[int, str]:
        """Its exit code and what it gave on stdout."""
        code = self._process.wait(within)
        return code, self.out.read_text()
