"""The overview as a browser with it open has it: read anew whenever the server says that something changed."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager

import httpx

from bench.serving import Server

_CELL = re.compile(r'id="at-deployments-([^"]+)"')
_DEGRADED = '<span class="pill bad">degraded</span>'


class Overview:
    """What the page has shown, and when."""

    def __init__(self) -> None:
        self.degraded: dict[str, float] = {}
        """When a deployment was first shown as degraded, by the monotonic clock."""
        self.read: list[float] = []
        """Seconds that each reading took."""
        self._read = asyncio.Event()

    def show(self, text: str, took: float) -> None:
        """Takes in what the page says now."""
        now = time.monotonic()
        self.read.append(took)
        _, *cells = _CELL.split(text)
        for deployment, cell in zip(cells[::2], cells[1::2], strict=True):
            if _DEGRADED in cell:
                self.degraded.setdefault(deployment, now)
        self._read.set()

    async def shows(self, deployments: Collection[str]) -> None:
        """Waits until it has shown all of these as degraded."""
        while not self.degraded.keys() >= set(deployments):
            self._read.clear()
            await self._read.wait()


@asynccontextmanager
async def overview(server: Server) -> AsyncIterator[Overview]:
    """The page, kept open and signed in while the block runs."""
    page, changed = Overview(), asyncio.Event()
    async with httpx.AsyncClient(base_url=server.url, timeout=httpx.Timeout(60, read=None), verify=False) as client:
        form = re.search(r'name="form_token" value="([^"]+)"', (await client.get("/sign-in")).text)
        given = {"form_token": form[1] if form else "", "token": server.token, "next": "/"}
        (await client.post("/sign-in", data=given, follow_redirects=True)).raise_for_status()

        async def listen() -> None:
            async with client.stream("GET", "/changes", params={"of": "overview"}) as answer:
                async for line in answer.aiter_lines():
                    if line == "event: changed":
                        changed.set()

        async def read() -> None:
            while True:
                await changed.wait()
                changed.clear()
                begun = time.monotonic()
                text = (await client.get("/")).raise_for_status().text
                page.show(text, time.monotonic() - begun)

        tasks = [asyncio.create_task(work()) for work in (listen, read)]
        try:
            yield page
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
