"""OpenTofu's answers to rendering. Pure: objects in, values out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from typing_extensions import override

from sealane.destinations.opentofu.model import API_VERSION, CONFIGURATION, OWN
from sealane.findings import Finding, did_you_mean
from sealane.stencils.model import Rendered
from sealane.stencils.platform import Plain

FIELDS = ("folder", "variables", "backend", "deletes", "destroy", "files")
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_ENDINGS = (".tf", ".tofu", ".tf.json", ".tofu.json")
_STATES = (".tfstate", ".tfstate.backup")


class OpenTofuPlatform(Plain):
    """See `stencils.platform.Platform`."""

    @override
    def problems(self, rendered: Sequence[Rendered]) -> Iterator[Finding]:
        for item in rendered:
            if (item.object.get("apiVersion"), item.kind) != (API_VERSION, CONFIGURATION):
                message = f"OpenTofu has no {item.object.get('apiVersion')} {item.kind}"
                hint = f"it takes {API_VERSION} {CONFIGURATION}"
                yield Finding(message=message, place=item.origin.place(), hint=hint)
            else:
                yield from _configuration(item)


def _configuration(item: Rendered) -> Iterator[Finding]:
    if not _NAME.fullmatch(item.name):
        message = f"a configuration can't be called {item.name}: small letters, digits and - only"
        yield Finding(message=message, place=item.origin.place(("metadata", "name")))
    spec = item.object.get("spec")
    if not isinstance(spec, dict):
        yield Finding(message="spec is missing", place=item.origin.place(), hint="it needs spec.folder")
        return
    for key in spec:
        if key not in FIELDS:
            place = item.origin.key_place(("spec", key))
            yield Finding(message=f"there is no field spec.{key}", place=place, hint=did_you_mean(key, FIELDS))
    if "folder" not in spec:
        yield Finding(message="spec.folder is missing", place=item.origin.place(("spec",)))
    yield from _types(item, spec)
    files = spec.get("files") or {}
    if "folder" in spec and not any(path.endswith(_ENDINGS) and "/" not in path for path in files):
        message = f"{spec['folder']} holds no .tf or .tofu files"
        yield Finding(message=message, place=item.origin.place(("spec", "folder")))
    for path in files:
        if re.match(rf"{OWN}[._-]", path):
            message = f"{spec.get('folder')}/{path} has a name that Sealane's own files have"
            yield Finding(message=message, place=item.origin.place(("spec", "folder")), hint="rename it")
        if path.endswith(_STATES):
            message = f"{spec.get('folder')}/{path} is a state, which may hold secrets and is not the configuration's"
            hint = "remove it from the repository"
            yield Finding(message=message, place=item.origin.place(("spec", "folder")), hint=hint)


def _types(item: Rendered, spec: dict[str, Any]) -> Iterator[Finding]:
    for key, kind, words in (
        ("variables", dict, "a mapping"),
        ("backend", dict, "a mapping"),
        ("deletes", list, "a list of addresses of resources"),
    ):
        if key in spec and not isinstance(spec[key], kind):
            yield Finding(message=f"spec.{key} must be {words}", place=item.origin.place(("spec", key)))
    if "destroy" in spec and spec["destroy"] != item.name:
        message = f"spec.destroy destroys everything in the state: write its name there, {item.name}, if that is meant"
        yield Finding(message=message, place=item.origin.place(("spec", "destroy")))


PLATFORM = OpenTofuPlatform()
