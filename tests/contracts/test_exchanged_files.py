"""A program beside us exchanges files, folders and links while a workspace is read: nothing outside of it is ever seen.

Every kind is exchanged hundreds of times by `renameat2(RENAME_EXCHANGE)`, which leaves no moment in which neither is there.
"""

from __future__ import annotations

import asyncio
import ctypes
import io
import os
import tarfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import pytest

from sealane.clients import build_context
from sealane.clients.build_context import Source
from sealane.configfiles.trees import FolderTree
from sealane.errors import UsageError
from sealane.runners import test_reports
from sealane.runners.model import Workspace

CANARY = "the-servers-own-key-3141592653"
REPORT = f"<testsuite><testcase classname='c' name='{CANARY}'/></testsuite>"
INNOCENT = "<testsuite><testcase classname='a' name='innocent'/></testsuite>"
EXCHANGES = 400
READS = 60

_HERE, _EXCHANGE = -100, 2
_LIBC = ctypes.CDLL(None, use_errno=True)

pytestmark = pytest.mark.skipif(not hasattr(_LIBC, "renameat2"), reason="this system exchanges no files")


class Exchanging:
    """Exchanges pairs of paths, one after the other, until it is told to stop; counts how often."""

    def __init__(self, *pairs: tuple[Path, Path]) -> None:
        self._pairs = [(os.fsencode(one), os.fsencode(other)) for one, other in pairs]
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self.done = 0

    def _work(self) -> None:
        while not self._stop.is_set():
            for one, other in self._pairs:
                assert _LIBC.renameat2(_HERE, one, _HERE, other, _EXCHANGE) == 0, os.strerror(ctypes.get_errno())
                self.done += 1

    @contextmanager
    def beside(self) -> Iterator[Exchanging]:
        self._thread.start()
        try:
            yield self
        finally:
            self._stop.set()
            self._thread.join()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone with an app's folder in it; outside lies what nobody may see, by the same names as inside."""
    outside, clone = tmp_path / "outside", tmp_path / "clone"
    for top in (outside, clone, outside / "apps/web", clone / "apps/web"):
        for name in ("src/deep/key.xml", "key.xml", "Dockerfile", ".dockerignore"):
            (top / name).parent.mkdir(parents=True, exist_ok=True)
            (top / name).write_text(REPORT if top.is_relative_to(outside) else INNOCENT)
        (top / ".dockerignore").write_text(f"# {CANARY}\n" if top.is_relative_to(outside) else "nothing\n")
    return clone


PAIRS = {
    "a folder": ("apps/web/src", "apps/web/zz", "OUTSIDE/src"),
    "a folder further down": ("apps/web/src/deep", "apps/web/zz", "../../../outside/src/deep"),
    "a file": ("apps/web/key.xml", "apps/web/zz", "OUTSIDE/key.xml"),
    "the Dockerfile": ("apps/web/Dockerfile", "apps/zz", "OUTSIDE/Dockerfile"),
    "the ignore file": ("apps/web/.dockerignore", "apps/zz", "../../../outside/.dockerignore"),
    "the app's folder": ("apps/web", "apps/zz", "OUTSIDE/apps/web"),
    "a folder above the app's": ("apps", "zz", "OUTSIDE/apps"),
}
"""What is exchanged with a link that leads out, where the link lies, and where it leads to."""


def linked(clone: Path, kind: str) -> tuple[Path, Path]:
    thing, link, target = PAIRS[kind]
    (clone / link).symlink_to(target.replace("OUTSIDE", str(clone.parent / "outside")))
    return clone / thing, clone / link


def packed(clone: Path, *, podman: bool = True, context: str = ".") -> bytes:
    archive = io.BytesIO()
    source = Source(root=clone, inside="apps/web", context=context)
    with suppress(UsageError):  # refusing is as good as leaving out
        build_context.pack(source, {}, archive, podman=podman)
    return archive.getvalue()


def reported(clone: Path) -> str:
    workspace = Workspace(folder=clone / "apps/web", repository=clone)
    reading = test_reports.read(
        workspace, ["**/*.xml", "src/deep/*.xml"], since=datetime.fromtimestamp(0, UTC), secrets={}
    )
    return str(asyncio.run(reading))


def read(clone: Path) -> str:
    tree = FolderTree(clone, "apps/web")
    texts = []
    with suppress(UsageError):
        texts += [str(tree.files("src"))]
    for path in ("key.xml", "src/deep/key.xml", "Dockerfile"):
        with suppress(UsageError):
            texts.append(tree.read(path).decode())
    return "".join(texts)


READERS: dict[str, Callable[[Path], object]] = {
    "a context for Podman": packed,
    "a context for Docker": lambda clone: packed(clone, podman=False),
    "a folder as context": lambda clone: packed(clone, context="src"),
    "test reports": reported,
    "files": read,
}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize("kind", PAIRS)
def test_what_is_outside_is_never_read(root: Path, kind: str, reader: str) -> None:
    seen = 0
    with Exchanging(linked(root, kind)).beside() as exchanging:
        while seen < READS or exchanging.done < EXCHANGES:
            content_read = READERS[reader](root)
            assert CANARY not in (
                content_read.decode(errors="replace") if isinstance(content_read, bytes) else str(content_read)
            )
            seen += 1


def test_a_context_goes_on_while_files_become_links_and_pipes(root: Path) -> None:
    """What stays as it is is packed each time; what is exchanged is one or the other, whole."""
    app = root / "apps/web"
    os.mkfifo(app / "pipe")
    given = [linked(root, "a file"), (app / "src", app / "pipe")]
    with Exchanging(*given).beside() as exchanging:
        while exchanging.done < EXCHANGES:
            with tarfile.open(fileobj=io.BytesIO(packed(root))) as tar:
                members = {member.name: member for member in tar}
                assert members["Dockerfile"].isfile()
                for name in ("key.xml", "zz"):
                    if name in members and members[name].isfile():
                        content = tar.extractfile(members[name])
                        assert content is not None
                        assert content.read().decode() == INNOCENT
