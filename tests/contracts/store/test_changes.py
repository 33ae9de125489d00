"""What changed is told to whoever follows, also to another process."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sealane.blobs.logs import Logs
from sealane.store.all_stores import Store

from .samples import push


async def test_followers_hear_of_their_topics_only(store: Store, database_url: str, tmp_path: Path) -> None:
    """All of them at once to begin with, then what changes, written by another process or their own."""
    elsewhere = await Store.open(database_url, logs=Logs(tmp_path))
    async with asyncio.timeout(20):
        overview, nothing = store.changes.follow({"overview"}), store.changes.follow({"run:r-none"})
        assert await anext(overview) == {"overview"}
        assert await anext(nothing) == {"run:r-none"}

        heard = asyncio.create_task(anext(overview))
        unheard = asyncio.create_task(anext(nothing))
        await elsewhere.runs.receive(push("a"), source="github")

        assert await heard == {"overview"}
        assert not unheard.done()
        unheard.cancel()
        await asyncio.gather(unheard, return_exceptions=True)
        await overview.aclose()
        await nothing.aclose()
    await elsewhere.close()
