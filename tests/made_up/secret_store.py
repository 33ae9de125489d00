"""A store whose secret of any name is that name, backwards."""

from __future__ import annotations

from sealane.secrets.port import BadReference, Reference, StoreAdapter, StoreContext


class Backwards:
    """All secrets of one app."""

    @staticmethod
    def parse(rest: str) -> Reference:
        if not rest.isalpha():
            raise BadReference("after madeup: come letters", "it reads like madeup:PASSWORD")
        return Reference("madeup", rest)

    async def check(self, reference: Reference) -> str | None:
        del reference
        return None

    async def read(self, reference: Reference) -> bytes:
        return reference.name[::-1].encode()


def _open(context: StoreContext) -> Backwards:
    del context
    return Backwards()


ADAPTER = StoreAdapter(pattern="[A-Za-z]+", parse=Backwards.parse, open=_open)
