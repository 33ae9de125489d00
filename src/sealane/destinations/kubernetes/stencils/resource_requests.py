"""Resource requests: what a revision requests of its cluster. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(r"([0-9.]+)(n|u|m|[kKMGTP]i?|)")
_SCALES = {
    "": Decimal(1),
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("0.001"),
    "k": Decimal(1000),
    "K": Decimal(1000),
}
_SCALES |= {letter: Decimal(1000) ** power for power, letter in enumerate("MGTP", start=2)}
_SCALES |= {f"{letter}i": Decimal(1024) ** power for power, letter in enumerate("KMGTP", start=1)}


def requests(objects: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """CPU in cores and memory in bytes that all instances together ask for."""
    total = {"cpu": Decimal(0), "memory": Decimal(0)}
    for manifest in objects:
        spec = manifest.get("spec") if isinstance(manifest.get("spec"), Mapping) else {}
        assert isinstance(spec, Mapping)
        template = spec.get("template") if manifest.get("kind") != "Pod" else {"spec": spec}
        pod = template.get("spec") if isinstance(template, Mapping) else None
        if not isinstance(pod, Mapping):
            continue
        replicas = spec.get("replicas", 1) if manifest.get("kind") in {"Deployment", "StatefulSet", "ReplicaSet"} else 1
        for container in pod.get("containers") or ():
            asked = ((container.get("resources") or {}).get("requests")) or {}
            for name in total:
                total[name] += amount(asked.get(name)) * (replicas if isinstance(replicas, int) else 1)
    return {name: float(amount) for name, amount in total.items()}


def amount(quantity: Any) -> Decimal:
    """A quantity as Kubernetes writes it: `100m`, `64Mi`; 0 for none, and for what is no quantity."""
    match = _QUANTITY.fullmatch(str(quantity or "0"))
    return Decimal(match[1]) * _SCALES[match[2]] if match else Decimal(0)
