"""Work that ran to its end: Jobs, and pods that are not started again. It is not made again with its revision.

What a revision had when it was verified is restored by going back, by deploying it again and by putting drift right; but
work that had ended then is over, whether its object is still there or not. The verdict keeps its names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.stencils import standstill
from sealane.verdicts import model as verdicts
from sealane.verdicts import reverting


def ended(observation: verdicts.Observation) -> tuple[str, ...]:
    """`Kind/name` of what was seen to end well."""
    return tuple(each.object for each in observation.workloads if each.ended)


def of(manifests: Iterable[Mapping[str, Any]], revision: str, pasts: Iterable[reverting.Past]) -> tuple[str, ...]:
    """What of a revision had ended whenever it was verified here; nothing where it never was."""
    verified = [each for each in pasts if each.verified and each.revision == revision]
    known = [each.finished for each in verified if each.finished is not None]
    if verified and not known:
        return before_it_was_kept(manifests)
    return tuple(dict.fromkeys(name for names in known for name in names))


def before_it_was_kept(manifests: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """What had ended of a revision whose verdict does not tell: it was verified, so its Jobs had."""
    return tuple(
        f"Job/{each['metadata']['name']}"
        for each in manifests
        if each["kind"] == "Job" and each["apiVersion"] == "batch/v1" and not standstill.stands_still(each)
    )


async def counts(destination: Destination, stored: destinations.Inventory) -> bool:
    """Whether the formation is still where its work was done: something that it had is there.

    In a place that was made anew everything has to be done again.
    """
    for ref in sorted(stored, key=lambda each: each.group != "apps"):
        for found in await destination.read((ref,)):
            uid = found["metadata"].get("uid")
            if uid is None or ref.uid is None or uid == ref.uid:
                return True
    return False


def joined(*names: Sequence[str]) -> tuple[str, ...]:
    """All of them, each once."""
    return tuple(dict.fromkeys(name for some in names for name in some))
