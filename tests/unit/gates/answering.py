"""A real HTTP server that answers as it is told, for gates to ask and annotations to tell."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One request as it came."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass(kw_only=True, slots=True)
class Server:
    """Its address, and what it was asked."""

    url: str
    asked: list[Asked] = field(default_factory=list)


Answers = Callable[[Asked, int], tuple[int, object]]
"""The request and how many came before it, to a status and a body."""


@asynccontextmanager
async def serving(answers: Answers) -> AsyncIterator[Server]:
    """Serves while the block runs."""
    server = Server(url="")

    async def one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        target = urlsplit(head[0].split(" ")[1])
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        asked = Asked(path=target.path, query=dict(parse_qsl(target.query)), headers=headers, body=body)
        server.asked.append(asked)
        status, answer = answers(asked, len(server.asked) - 1)
        raw = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        extra = "Location: http://elsewhere.example.com/\r\n" if status == 302 else ""
        writer.write(f"HTTP/1.1 {status} X\r\nConnection: close\r\n{extra}Content-Length: {len(raw)}\r\n\r\n".encode())
        writer.write(raw)
        await writer.drain()
        writer.close()

    listening = await asyncio.start_server(one, "127.0.0.1", 0)
    port = listening.sockets[0].getsockname()[1]
    server.url = f"http://127.0.0.1:{port}"
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()
