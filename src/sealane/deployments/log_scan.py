"""Reads workloads' logs for the guard of error lines: the last lines of each, up to a total."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from sealane.deployments import new_errors
from sealane.deployments.gates.model import GateResult, Outcome
from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.errors import SealaneError
from sealane.formations.gates import NewLines
from sealane.secrets.masking import Masker

GUARD = "guard"
"""The guard's name among the gates."""
LINES = 300
"""Lines of each container."""
MOST = 5_000
"""Lines altogether."""
_FRESH = 10.0
"""Seconds after which Secrets that change in their places are looked at again."""


async def lines(destination: Destination, refs: destinations.Inventory, *, namespace: str) -> list[str]:
    """The last lines of the long-running workloads; logs that can't be read are left out."""
    workloads = tuple(ref for ref in refs if not destination.is_one_shot(ref))
    if not workloads:
        return []
    complete: list[str] = []
    tail = destination.tail(workloads, namespace=namespace, container=None, lines=LINES, follow=False)
    try:
        async with aclosing(tail) as tail_lines:  # type: ignore[type-var]
            async for line in tail_lines:
                complete.append(line.partition("  ")[2])
                if len(complete) >= MOST:
                    break
    except SealaneError:
        return complete
    return complete


async def masked(lines: AsyncIterator[str], fresh: Callable[[], Awaitable[Masker]]) -> AsyncIterator[str]:
    """Lines as `instance/container  line`, masked: each container's are one log, which a secret may reach over.

    Containers that come later may have got other secrets: for each, and from time to time, a fresh masker is asked for.
    When there is none, it ends with the reason.
    """
    logs: dict[str, _Log] = {}
    since = 0.0
    async for line in lines:
        source, _, text = line.partition("  ")
        if source not in logs or time.monotonic() - since > _FRESH:
            try:
                masker, since = await fresh(), time.monotonic()
            except SealaneError as error:
                yield f"[sealane] {error}"
                return
            logs.setdefault(source, _Log(masker))
            for log in logs.values():
                log.goes_on(masker)
        for printed in logs[source].lines(text):
            yield f"{source}  {printed}"
    for source, log in logs.items():
        for printed in log.rest():
            yield f"{source}  {printed}"


class _Log:
    """What one container prints, masked; a line that may begin a secret waits for the next."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker.another()
        self._next: Masker | None = None
        self._line = b""

    def goes_on(self, masker: Masker) -> None:
        """From now on this is masked, as soon as nothing waits that may be the beginning of a secret."""
        self._next = masker

    def lines(self, chunk: str) -> list[str]:
        """The lines that can be shown now that this line came."""
        if self._next and not self._masker.waits:
            self._masker, self._next = self._next.another(), None
        *whole, self._line = (self._line + self._masker.feed(f"{chunk}\n".encode("utf-8", "replace"))).split(b"\n")
        return [line.decode(errors="replace") for line in whole]

    def rest(self) -> list[str]:
        """The lines still kept at the log's end."""
        left = (self._line + self._masker.flush()).decode(errors="replace").removesuffix("\n")
        return left.split("\n") if left else []


def checked(before: tuple[str, ...], after: list[str], how: NewLines) -> GateResult:
    """The result of new error lines: a failure only where the formation says so and there are enough of them."""
    errors = new_errors.novel(before, after)
    if not errors:
        return GateResult(gate=GUARD, outcome=Outcome.PASS, message="no error line is new")
    fails = how is NewLines.FAIL and new_errors.too_many(errors)
    return GateResult(gate=GUARD, outcome=Outcome.FAIL if fails else Outcome.PASS, message=new_errors.message(errors))
