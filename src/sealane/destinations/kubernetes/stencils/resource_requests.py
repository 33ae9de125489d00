"""Resource requests: the resources that a revision asks of its cluster, including those of its custom kinds. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(
    r"\+?([0-9]{1,30}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})(?:[eE]([+-]?[0-9]{1,2})|(n|u|m|[kKMGTPE]i?|))"
)
"""With limited length, so that JSON can hold a sum of such numbers."""
_MOST_INSTANCES = 1_000_000
_SCALED = frozenset({"Deployment", "StatefulSet", "ReplicaSet"})
_SCALES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("0.001"),
    "k": Decimal(1000),
    "K": Decimal(1000),
}
_SCALES |= {letter: Decimal(1000) ** power for power, letter in enumerate("MGTPE", start=2)}
_SCALES |= {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTPE", start=1)}


def requests(objects: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """CPU in cores and memory in bytes that all instances together request."""
    total = {"cpu": Decimal(0), "memory": Decimal(0)}
    for manifest in objects:
        spec = _part(manifest, "spec")
        pod = spec if manifest.get("kind") == "Pod" else _part(_part(spec, "template"), "spec")
        for container in containers(pod):
            asked = quantities(container, "requests")
            for name in total:
                total[name] += amount(asked.get(name)) * _instances(manifest, spec)
    return {name: float(amount) for name, amount in total.items()}


def containers(pod: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """The valid containers of a pod's spec."""
    listed = pod.get("containers")
    yield from (
        (container for container in listed if isinstance(container, Mapping))
        if isinstance(listed, list | tuple)
        else ()
    )


def quantities(container: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    """A container's `requests` or `limits`."""
    return _part(_part(container, "resources"), section)


def amount(quantity: Any) -> Decimal:
    """A quantity in Kubernetes' notation: `100m`, `64Mi`, `1e3`; 0 for none, and for an invalid one."""
    match = _QUANTITY.fullmatch(str(quantity or "0"))
    if match is None:
        return Decimal(0)
    return Decimal(match[1]).scaleb(int(match[2])) if match[2] else Decimal(match[1]) * _SCALES[match[3]]


def _instances(manifest: Mapping[str, Any], spec: Mapping[str, Any]) -> int:
    replicas = spec.get("replicas", 1) if manifest.get("kind") in _SCALED else 1
    return min(max(replicas, 0), _MOST_INSTANCES) if isinstance(replicas, int) else 1


def _part(whole: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = whole.get(key)
    return part if isinstance(part, Mapping) else {}
