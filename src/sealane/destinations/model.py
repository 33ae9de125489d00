"""Values about objects at a destination. Pure: knows nothing about any destination's API.

An object is plain data in the form of a Kubernetes manifest; other destinations map their own things to this form.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sealane import errors
from sealane.charts import release_objects

MANAGED_BY = release_objects.MANAGED_BY
"""`sealane`, or `Helm` for an object that Helm writes for Sealane."""
APP = "sealane.dev/app"
FORMATION = "sealane.dev/formation"
REVISION = "sealane.dev/revision"
RELEASE = "sealane.dev/release"
SEQUENCE = "sealane.dev/sequence"
CREATED = "sealane.dev/created"
"""Sequence of the deployment that created the object."""
ADOPTED = "sealane.dev/adopted"
"""Sequence of the deployment that adopted it."""
BEFORE = "sealane.dev/before-adoption"
"""Its state before that; `adoption` reads it."""

MAX_VALUE = 80
"""Most characters of a value in a sentence."""

HIDDEN = "<hidden>"
"""Replaces a secret's value."""

Fence = Callable[[], Awaitable[None]]
"""Awaited before every write; raises `errors.Fenced` when another worker has taken over."""

Key = tuple[str, str, str, str]
"""Group, kind, namespace (empty if none) and name: an object's identity."""


async def unfenced() -> None:
    """The fence of a lone writer, such as a command line without a server."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRef:
    """Names one object. `uid` is known once it exists; the key contains neither it nor the version.

    `resource_version` is the destination's own version of the object once it was written: it grows with each write, and
    what shows a smaller one is older than the write. It identifies nothing, so references are compared without it.
    """

    group: str
    version: str
    kind: str
    namespace: str | None
    name: str
    uid: str | None = None
    resource_version: str | None = field(default=None, compare=False)

    @property
    def api_version(self) -> str:
        """Group and version as manifests write them."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> Key:
        """The object's identity, in whichever version it was written."""
        return (self.group, self.kind, self.namespace or "", self.name)

    @property
    def is_secret(self) -> bool:
        """Whether it is a Secret of Kubernetes' own."""
        return (self.group, self.kind) == ("", "Secret")

    def with_uid(self, uid: str | None, *, resource_version: str | None = None) -> ObjectRef:
        """The same object with its uid, and its version at that time where it is needed."""
        return replace(self, uid=uid, resource_version=resource_version)

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


Inventory = tuple[ObjectRef, ...]
"""The objects of a formation at its destination."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """The owner and the revision of objects."""

    app: str
    formation: str
    namespace: str
    revision: str
    release: str = ""
    sequence: int = 0

    @property
    def owner(self) -> str:
        """The formation's full name."""
        return f"{self.app}/{self.formation}"

    @property
    def labels(self) -> dict[str, str]:
        """Labels of every object."""
        return owner_labels(self.app, self.formation)

    @property
    def annotations(self) -> dict[str, str]:
        """Top-level annotations of every written object; never in a pod template, because they would restart pods."""
        return {REVISION: self.revision, RELEASE: self.release, SEQUENCE: str(self.sequence)}


class Action(StrEnum):
    """What applying would do to an object."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    NONE = "none"


class Reason(StrEnum):
    """Why a destination refuses an object; each is decisive: another attempt gets the same answer."""

    INVALID = "invalid"
    IMMUTABLE = "immutable"
    ADMISSION = "admission"
    QUOTA = "quota"
    FORBIDDEN = "forbidden"
    UNKNOWN_KIND = "unknown kind"
    FOREIGN = "foreign"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """The destination, or Sealane on its behalf, refuses one object."""

    ref: ObjectRef
    reason: Reason
    message: str
    hint: str | None = None
    fields: tuple[str, ...] = ()
    """The fields it is about, as the destination names them: `spec.template.spec.containers[0].image`."""

    def __str__(self) -> str:
        text = f"{self.ref}: {self.message}"
        return f"{text} ({self.hint})" if self.hint else text


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldChange:
    """One field that would change; `path` reads like `spec.template.spec.containers[web].image`.

    A missing value is None. `manager` is who set the value that will be overwritten, if that isn't Sealane, and `at` when,
    as far as the destination knows. `theirs` says that others may set it while a revision runs: the number of instances, or
    fields that a controller fills in.
    """

    path: str
    before: Any
    after: Any
    manager: str | None = None
    at: datetime | None = None
    theirs: bool = False
    by_hand: bool = False
    """A person's command set or removed it: no live controller would set it again."""
    deployed: datetime | None = None
    """When a deployment by Sealane set the live value; None if somebody else did."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldLeft:
    """A field that Sealane set before and no longer sets, but that stays: somebody else owns it too, or the destination keeps it.

    `manager` is its other owner, or None; then `value` is the value that stays, `why` the reason, and `hint` what to do.
    """

    path: str
    manager: str | None = None
    value: Any = None
    why: str = ""
    hint: str = ""

    def __str__(self) -> str:
        if self.manager:
            return f"{self.path} stays: {self.manager} holds it too"
        value = json.dumps(self.value, ensure_ascii=False)
        short = value if len(value) <= MAX_VALUE else f"{value[:MAX_VALUE]}…"
        return f"{self.path} stays {short}: {self.why} ({self.hint})"


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectChange:
    """What would happen to one object. `checked` is False when the destination could not be asked yet.

    `adopted` says that it exists without an owner's labels, and a person allowed its adoption. `left` are fields that should
    be removed, but stay.
    """

    action: Action
    ref: ObjectRef
    fields: tuple[FieldChange, ...] = ()
    refusal: Refusal | None = None
    checked: bool = True
    adopted: bool = False
    left: tuple[FieldLeft, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Wait:
    """Something that must end before an object can be written: the apply is to be called again."""

    limit: timedelta
    """How long it may take, from the first call on."""
    refusal: Refusal
    """The refusal if it takes longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """The result of an apply: every wanted object that exists, those it wrote, and the refusals.

    If the dry run was refused, nothing was written. `left` are fields that should be removed but stay, by object.
    """

    inventory: Inventory
    changed: Inventory = ()
    refusals: tuple[Refusal, ...] = ()
    left: tuple[tuple[ObjectRef, FieldLeft], ...] = ()
    was_there: bool = False
    """This deployment never had to write the object: the destination already had it, or had restored it."""
    wait: Wait | None = None
    """What the rest of the objects waits for. The destination has paused already, so the next call may come at once."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ledger:
    """The data that a formation keeps at its destination without a server: its inventory and a few texts.

    `version` prevents lost updates: a ledger can't be written if another writer wrote since it was read.
    """

    inventory: Inventory = ()
    entries: Mapping[str, str] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Texts with values of secrets, stored so that only those who may read secrets can read them."""
    version: str | None = None
    reserve: int = 0
    """Bytes that must still fit in later: a ledger that would be too long with them is refused before any change."""


def ref_of(manifest: Mapping[str, Any], namespace: str | None) -> ObjectRef:
    """The reference of a manifest; `namespace` is its namespace, None for an object without one.

    Raises UsageError for an object without a name, because it can't be found again.
    """
    metadata = manifest.get("metadata") or {}
    if not metadata.get("name"):
        raise errors.UsageError(f"a {manifest.get('kind')} has no name", hint="give it metadata.name")
    group, _, version = str(manifest["apiVersion"]).rpartition("/")
    return ObjectRef(
        group=group,
        version=version,
        kind=str(manifest["kind"]),
        namespace=namespace,
        name=str(metadata["name"]),
        uid=metadata.get("uid"),
    )


def owner_labels(app: str, formation: str) -> dict[str, str]:
    """The labels of what Sealane writes for a formation."""
    return {MANAGED_BY: "sealane", APP: app, FORMATION: formation}


def owner_of(labels: Mapping[str, str]) -> str | None:
    """The formation that an object's labels name as its owner; None if it isn't Sealane's."""
    if (
        labels.get(MANAGED_BY) not in {"sealane", release_objects.HELM}
        or not labels.get(APP)
        or not labels.get(FORMATION)
    ):
        return None
    return f"{labels[APP]}/{labels[FORMATION]}"
