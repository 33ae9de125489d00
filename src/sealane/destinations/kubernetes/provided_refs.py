"""The objects that a revision creates and its containers may refer to. Pure: reads manifests."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sealane.verdicts.judgement import ANY_KEY, BY_CONTROLLER

_BUILT_IN = re.compile(r"^(?:[a-z]+|[a-z.]+\.k8s\.io)$")
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?")
_DATA = {"ConfigMap": ("data", "binaryData"), "Secret": ("data", "stringData")}


def made(objects: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """`Kind/name` of every ConfigMap, Secret and ServiceAccount, with its keys.

    A custom resource (a certificate, an external secret) may have a controller that later creates the objects that it
    names, so any name in it counts as a ConfigMap and a Secret that will exist.
    """
    keys_by_reference: dict[str, set[str]] = defaultdict(set)
    for manifest in objects:
        kind, name = str(manifest.get("kind")), str(manifest.get("metadata", {}).get("name"))
        group = str(manifest.get("apiVersion", "")).rpartition("/")[0]
        if group and not _BUILT_IN.fullmatch(group):
            for named in {name, *_names(manifest.get("spec"))}:
                keys_by_reference[f"ConfigMap/{named}"].add(BY_CONTROLLER)
                keys_by_reference[f"Secret/{named}"].add(BY_CONTROLLER)
        elif kind in _DATA:
            keys_by_reference[f"{kind}/{name}"].update(key for part in _DATA[kind] for key in manifest.get(part) or ())
        elif kind == "ServiceAccount":
            keys_by_reference[f"ServiceAccount/{name}"].add(ANY_KEY)
    return {reference: tuple(sorted(keys)) for reference, keys in keys_by_reference.items()}


def _names(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        if _NAME.fullmatch(value):
            yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _names(part)
    elif isinstance(value, Sequence):
        for part in value:
            yield from _names(part)
