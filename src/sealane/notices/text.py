"""A notice as plain text. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sealane.notices.port import Telling


def body(telling: Telling, most: int | None = None) -> str:
    """The text after the title: the cause, what happened since the last message, facts, the end of the log, and links.

    A log that makes it longer than `most` characters is cut to its last lines.
    """
    paragraphs = "\n\n".join("\n".join(part) for part in _parts(telling) if part)
    if most is None or len(paragraphs) <= most or not telling.notice.log:
        return paragraphs
    return body(replace(telling, notice=replace(telling.notice, log=telling.notice.log[1:])), most)


def _parts(telling: Telling) -> Iterator[list[str]]:
    notice = telling.notice
    yield [notice.text] if notice.text else []
    yield [f"{entry.at:%H:%M:%S} UTC  {entry.text}" for entry in telling.fresh] if len(telling.fresh) > 1 else []
    width = max((len(name) for name, _ in notice.facts), default=0)
    yield [f"{name.ljust(width)}  {value}" for name, value in notice.facts]
    yield [f"The last lines of {notice.log_of}:", *(f"  {line}" for line in notice.log)] if notice.log else []
    yield [f"{link.words}: {link.url}" for link in notice.links]
