"""The connection to one container engine: blocking calls of the SDK in threads, and answers that are streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import docker
import requests

from sealane.clients.engine import answers, errors
from sealane.clients.engine.streams import Stream

T = TypeVar("T")
_TIMEOUT = 60
_LIBPOD = "v4.0.0"
_CONNECTING = 10
"""Seconds to connect."""
_KEPT_OUTPUT = 4096


class Connection:
    """One engine's address, and the SDK's client for it."""

    def __init__(self, address: str, version: str, *, tls: docker.tls.TLSConfig | bool = False) -> None:
        self.address = address
        # Any: the stubs leave out parameters used here
        self.api: Any = docker.APIClient(
            base_url=address,
            version=version,
            timeout=_TIMEOUT,
            max_pool_size=64,
            use_ssh_client=address.startswith("ssh://"),
            tls=tls,
        )

    async def close(self) -> None:
        """Closes idle connections."""
        await asyncio.to_thread(self.api.close)

    async def call(self, ask: Callable[[Any], T]) -> T:
        """Asks in a thread, and waits for the answer even when cancelled. Raises errors of `errors.py`."""

        def call() -> T:
            with errors.translated(self.address):
                return ask(self.api)

        asked = asyncio.ensure_future(asyncio.to_thread(call))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:  # a thread can't be stopped: it must be finished before anyone cleans up
            await asyncio.wait([asked])
            raise

    async def stream(
        self,
        method: str,
        path: str,
        query: Mapping[str, int | str],
        *,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, bytes] | None = None,
        within: float | None = None,
    ) -> Stream:
        """An answer that is read piece by piece. `within`: the most seconds to its first byte."""
        version = _LIBPOD if path.startswith("/libpod/") else f"v{self.api.api_version}"

        def ask(api: Any) -> requests.Response:
            answer: requests.Response = api.request(
                method,
                f"{api.base_url}/{version}{path}",
                params=dict(query),
                json=body,
                headers=headers,
                stream=True,
                timeout=(_CONNECTING, within),
            )
            if answer.status_code >= 400:
                raise errors.meaning(answer.status_code, answers.message(answer.text))
            return answer

        return Stream(await self.call(ask), self.address)


async def whole(answer: Stream) -> bytes:
    """The end of a short answer."""
    end = b""
    try:
        while (piece := await answer.read_raw()) is not None:
            end = (end + piece)[-_KEPT_OUTPUT:]
    finally:
        await answer.close()
    return end
