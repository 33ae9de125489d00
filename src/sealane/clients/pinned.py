"""HTTP connections to the checked address and no other, even if the name's addresses change a moment later."""

from __future__ import annotations

import functools
import ssl

import httpx

from sealane.clients import addresses
from sealane.egress import Allowlist


@functools.cache
def _authorities() -> ssl.SSLContext:
    """Cached, because reading them takes more processor time than the request that needs them."""
    return httpx.create_ssl_context(trust_env=False)


def unpinned() -> httpx.AsyncHTTPTransport:
    """Connections to any address, where nobody limits them; no proxies, and the authorities read once for all."""
    return httpx.AsyncHTTPTransport(verify=_authorities(), trust_env=False)


class PinnedTransport(httpx.AsyncBaseTransport):
    """Looks a host up, checks its addresses, and connects to the first that answers.

    The request and the certificate keep the host's name. Raises what `addresses.find` raises, and httpx's errors.
    """

    def __init__(self, allowed: Allowlist) -> None:
        self._allowed = allowed
        self._inner = unpinned()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Sends one request. Its body can be sent again to the next address, because it is bytes."""
        url = request.url
        port = url.port or (443 if url.scheme == "https" else 80)
        problem: httpx.HTTPError | None = None
        for address in await addresses.find(url.host, port, self._allowed):
            pinned = httpx.Request(
                request.method,
                url.copy_with(host=address),
                headers=request.headers,
                stream=request.stream,
                extensions={**request.extensions, "sni_hostname": url.host},
            )
            try:
                return await self._inner.handle_async_request(pinned)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                problem = error
        raise problem or httpx.ConnectError(f"{url.host} has no address")

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._inner.aclose()
