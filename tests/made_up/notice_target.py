"""A target that writes what it is told into a file, a line each time."""

from __future__ import annotations

from pathlib import Path

from sealane.configfiles.fields import File
from sealane.notices.port import Reference, TargetAdapter, Telling


class NoteFile(File):
    """A file on the server."""

    file: str
    """Where it is."""


class Note:
    def __init__(self, file: Path) -> None:
        self._file = file

    async def tell(self, telling: Telling) -> Reference:
        with self._file.open("a") as file:
            file.write(f"{telling.notice.title}\n")
        return {}


ADAPTER = TargetAdapter(
    file=NoteFile,
    open=lambda context: Note(Path(context.written.file)),
    secrets=lambda _: (),
    hosts=lambda _: (),
)
