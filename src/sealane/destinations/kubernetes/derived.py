"""Fields that the API server derives from others if they are not given, and keeps when those others change. Pure.

A creation derives them, an apply does not. Nobody owns them, so they keep their values from the first revision: egress rules
added later are not enforced, an account removed from a stencil stays in use, an image with a fixed tag is still pulled
each time. Sealane takes such a field over, and the apply lets the server derive it again, as for a new object.

Source of the table: the defaults and conversions of Kubernetes v1.36 (`pkg/apis/*/v1/defaults.go`, `conversion.go`).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

from sealane.destinations.kubernetes import unions

_CONTAINERS = ("containers", "initContainers")


def strays(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[unions.Choice]:
    """The fields that a new object of the manifest would not have."""
    if wanted["kind"] == "NetworkPolicy":
        yield from _policy_types(wanted.get("spec"), live.get("spec"))
    yield from _in_pods(wanted, live, ())


def _in_pods(wanted: Any, live: Any, path: unions.Path) -> Iterator[unions.Choice]:
    """All specifications of pods: in a Pod, a template, a template of Jobs, a custom kind."""
    if not isinstance(wanted, Mapping) or not isinstance(live, Mapping):
        return
    if isinstance(wanted.get("containers"), list) and isinstance(live.get("containers"), list):
        yield from _account(wanted, live, path)
        for name in _CONTAINERS:
            yield from _pulling(wanted.get(name), live.get(name), (*path, name))
        return
    for name in ("spec", "template", "jobTemplate"):
        yield from _in_pods(wanted.get(name), live.get(name), (*path, name))


def _account(wanted: Mapping[str, Any], live: Mapping[str, Any], path: unions.Path) -> Iterator[unions.Choice]:
    """`serviceAccount` mirrors `serviceAccountName`, and replaces it once that is removed."""
    if not wanted.get("serviceAccountName") and not wanted.get("serviceAccount") and live.get("serviceAccount"):
        yield _stray(path, "serviceAccount")


def _pulling(wanted: Any, live: Any, path: unions.Path) -> Iterator[unions.Choice]:
    """`imagePullPolicy` is derived from the image's tag; it is checked when the image changes."""
    there = {container.get("name"): container for container in live or () if isinstance(container, Mapping)}
    for container in wanted if isinstance(wanted, list) else ():
        old = there.get(container.get("name")) if isinstance(container, Mapping) else None
        if old is None or "imagePullPolicy" in container or container.get("image") == old.get("image"):
            continue
        if old.get("imagePullPolicy") not in (None, _pull_policy(str(container.get("image")))):
            yield _stray((*path, (("name", container["name"]),)), "imagePullPolicy")


def _pull_policy(image: str) -> str:
    name, digest, _ = image.partition("@")
    tag = name.rpartition("/")[2].partition(":")[2]
    return "IfNotPresent" if digest or tag not in ("", "latest") else "Always"


def _policy_types(wanted: Any, live: Any) -> Iterator[unions.Choice]:
    """`policyTypes` has Egress if there are egress rules."""
    if not isinstance(wanted, Mapping) or not isinstance(live, Mapping) or wanted.get("policyTypes"):
        return
    made = ["Ingress", *itertools.repeat("Egress", bool(wanted.get("egress")))]
    if live.get("policyTypes") not in (None, made):
        yield _stray(("spec",), "policyTypes")


def _stray(path: unions.Path, name: str) -> unions.Choice:
    return unions.Choice(path=path, group=unions.Group(members={name: None}), strays=frozenset({name}))
