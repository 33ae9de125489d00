"""Changes: what differs between two revisions of a formation. Pure. Values of secrets never show.

The Secret and ConfigMap that Sealane makes get a new name with each change; here the old and the new one are the same
object that changed, so that people see which entry did.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from sealane.environments import manifest_images
from sealane.secrets import manifest_secrets
from sealane.stencils import manifest_yaml
from sealane.stencils.model import Rendered, Revision

HIDDEN = "<hidden>"
HIDDEN_CHANGED = "<hidden, changed>"

_Key = tuple[str, str, str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectChange:
    """One object that is added, changed or removed."""

    action: Literal["added", "changed", "removed"]
    kind: str
    name: str
    """The new name, where there is a new one."""
    lines: tuple[str, ...]
    """A unified difference of the YAML, keys sorted: each line begins with a space, + or -, or @@ at a new place."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ImageChange:
    """A container whose image changes; None where the container did not exist, or will not."""

    kind: str
    name: str
    container: str
    before: str | None
    after: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Changes:
    """All that differs."""

    objects: tuple[ObjectChange, ...] = ()
    images: tuple[ImageChange, ...] = ()
    secrets: tuple[str, ...] = ()
    """Entries of the formation's secrets that are new, gone, or differ in value or reference."""
    config: tuple[str, ...] = ()
    """The same for its configuration."""

    def __bool__(self) -> bool:
        return bool(self.objects or self.secrets or self.config)

    def of(self, action: str) -> tuple[ObjectChange, ...]:
        """The objects that were added, changed or removed."""
        return tuple(change for change in self.objects if change.action == action)

    def to_json(self) -> dict[str, Any]:
        """Plain data, for failure reports, pages and `--json`."""
        return {
            "objects": [
                {"action": change.action, "kind": change.kind, "name": change.name, "lines": list(change.lines)}
                for change in self.objects
            ],
            "images": [
                {
                    "kind": image.kind,
                    "name": image.name,
                    "container": image.container,
                    "before": image.before,
                    "after": image.after,
                }
                for image in self.images
            ],
            "secrets": list(self.secrets),
            "config": list(self.config),
        }


def between(old: Revision | None, new: Revision) -> Changes:
    """What the new revision changes; without an old one everything is added."""
    before, after = _by_key(old), _by_key(new)
    changes = [_change(before.get(key), after.get(key)) for key in dict.fromkeys([*after, *before])]
    return Changes(
        objects=tuple(change for change in changes if change is not None),
        images=tuple(_image_changes(before, after)),
        secrets=_differing(_secret_marks(old), _secret_marks(new)),
        config=_differing(old.config_versions if old else {}, new.config_versions),
    )


def without_values(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object as people may see it: a Secret without its values."""
    return _hidden(manifest, None) or {} if manifest_secrets.is_secret(manifest) else manifest


def across(old: Revision, new: Revision) -> Changes:
    """The differences between two formations of an app; their namespaces don't count."""
    return between(
        replace(old, objects=tuple(_moved(rendered, old.namespace, new.namespace) for rendered in old.objects)), new
    )


def _moved(rendered: Rendered, here: str, there: str) -> Rendered:
    if rendered.namespace != here:
        return rendered
    metadata = {**rendered.object["metadata"], "namespace": there}
    return replace(rendered, object={**rendered.object, "metadata": metadata})


def _by_key(revision: Revision | None) -> dict[_Key, Rendered]:
    """Objects by identity; the ones that Sealane makes by their purpose, not by name."""
    if revision is None:
        return {}
    return {(*rendered.key[:3], _name(rendered, revision)): rendered for rendered in revision.everything}


def _name(rendered: Rendered, revision: Revision) -> str:
    if revision.holds_secrets(rendered):
        return "${secrets}"
    return "${config}" if revision.holds_config(rendered) else rendered.name


def _change(old: Rendered | None, new: Rendered | None) -> ObjectChange | None:
    if old is not None and new is not None and old.object == new.object:
        return None
    subject = new or old
    assert subject is not None
    before, after = old.object if old else None, new.object if new else None
    if manifest_secrets.is_secret(subject.object):
        before, after = _hidden(before, None), _hidden(after, before)
    lines = tuple(difflib.unified_diff(_lines(before), _lines(after), n=3, lineterm=""))[2:]
    action: Literal["added", "changed", "removed"] = "changed" if old and new else "added" if new else "removed"
    return ObjectChange(action=action, kind=subject.kind, name=subject.name, lines=lines)


def _lines(manifest: Mapping[str, Any] | None) -> list[str]:
    return [] if manifest is None else manifest_yaml.as_yaml(manifest, sort_keys=True).splitlines()


def _hidden(manifest: Mapping[str, Any] | None, before: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if manifest is None:
        return None
    return {
        key: _hidden_entries(part, (before or {}).get(key), compared=before is not None)
        if key in {"data", "stringData"} and isinstance(part, dict)
        else part
        for key, part in manifest.items()
    }


def _hidden_entries(entries: Mapping[str, Any], before: Any, *, compared: bool) -> dict[str, str]:
    """A value that reads `<secret NAME>` is no value and stays."""
    known = before if isinstance(before, dict) else {}
    return {
        name: value
        if value == f"<secret {name}>"
        else HIDDEN_CHANGED
        if compared and name in known and known[name] != value
        else HIDDEN
        for name, value in entries.items()
    }


def _image_changes(before: Mapping[_Key, Rendered], after: Mapping[_Key, Rendered]) -> Iterator[ImageChange]:
    for key in dict.fromkeys([*after, *before]):
        old, new = _images(before.get(key)), _images(after.get(key))
        for container in dict.fromkeys([*new, *old]):
            if old.get(container) != new.get(container):
                yield ImageChange(
                    kind=key[1],
                    name=key[3],
                    container=container,
                    before=old.get(container),
                    after=new.get(container),
                )


def _images(rendered: Rendered | None) -> dict[str, str]:
    """Name of each container to its image; a volume's goes by its path."""
    images: dict[str, str] = {}
    for path, image in manifest_images.images(rendered.object if rendered else None):
        holder: Any = rendered.object if rendered else None
        for part in path[:-1]:
            holder = holder[part]
        name = holder.get("name") if path[-1] == "image" else None
        images[str(name or ".".join(str(part) for part in path))] = str(image)
    return images


def _secret_marks(revision: Revision | None) -> dict[str, str]:
    if revision is None:
        return {}
    return {name: f"{text} {revision.secret_versions.get(name)}" for name, text in revision.secrets.items()}


def _differing(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted(name for name in {*old, *new} if old.get(name) != new.get(name)))
