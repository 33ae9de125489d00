"""What is said about objects at a destination. Pure: knows nothing about any destination's API.

An object is plain data in the form of a Kubernetes manifest; other destinations map their own things to it.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sealane import errors

MANAGED_BY = "app.kubernetes.io/managed-by"
APP = "sealane.dev/app"
FORMATION = "sealane.dev/formation"
REVISION = "sealane.dev/revision"
RELEASE = "sealane.dev/release"
SEQUENCE = "sealane.dev/sequence"
CREATED = "sealane.dev/created"
"""Sequence of the deployment that made the object."""
ADOPTED = "sealane.dev/adopted"
"""Sequence of the deployment that took it over."""
BEFORE = "sealane.dev/before-adoption"
"""What it was then; `adoption` reads it."""

MAX_VALUE = 80
"""Characters of a value in a sentence."""

HIDDEN = "<hidden>"
"""Stands where a secret's value would."""

Fence = Callable[[], Awaitable[None]]
"""Awaited before every write; raises `errors.Fenced` when another worker has taken over."""

Key = tuple[str, str, str, str]
"""Group, kind, namespace (empty when there is none) and name: what makes an object the same one."""


async def unfenced() -> None:
    """The fence of someone who is alone, such as a command line without a server."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectRef:
    """Names one object. `uid` is known once it exists; the key leaves it and the version out."""

    group: str
    version: str
    kind: str
    namespace: str | None
    name: str
    uid: str | None = None

    @property
    def api_version(self) -> str:
        """Group and version as manifests write them."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def key(self) -> Key:
        """What makes it the same object, whichever version it was written in."""
        return (self.group, self.kind, self.namespace or "", self.name)

    @property
    def is_secret(self) -> bool:
        """Whether it is a Secret of Kubernetes' own."""
        return (self.group, self.kind) == ("", "Secret")

    def with_uid(self, uid: str | None) -> ObjectRef:
        """The same object, now that it exists."""
        return replace(self, uid=uid)

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


Inventory = tuple[ObjectRef, ...]
"""What a formation has at its destination."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """Whose objects they are and which revision they come from."""

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
        return {MANAGED_BY: "sealane", APP: self.app, FORMATION: self.formation}

    @property
    def annotations(self) -> dict[str, str]:
        """Top-level annotations of every object that is written: never in a pod template, which they would restart."""
        return {REVISION: self.revision, RELEASE: self.release, SEQUENCE: str(self.sequence)}


class Action(StrEnum):
    """What applying would do to an object."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    NONE = "none"


class Reason(StrEnum):
    """Why a destination won't have an object; each is decisive, asking again gives the same answer."""

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
    """The destination, or Sealane on its behalf, says no to one object."""

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

    A value that isn't there is None. `manager` is who set the value that will be overwritten, when that isn't Sealane, and
    `at` when they did, as far as the destination knows. `theirs` says that it is not Sealane's alone to say while a revision
    is there: the number of instances, or what a controller fills in.
    """

    path: str
    before: Any
    after: Any
    manager: str | None = None
    at: datetime | None = None
    theirs: bool = False
    by_hand: bool = False
    """A person set it, with a command, or took it away: no controller that lives would set it again."""
    deployed: datetime | None = None
    """When a deployment by Sealane set the value that is there; None where somebody else did."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldLeft:
    """A field that Sealane had and no longer has, and that stays: somebody else holds it too, or the destination keeps it.

    `manager` is who holds it, None when nobody does; then `value` is what stays, `why`, and how to `hint` that.
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

    `adopted` says that it is there, nobody's labels claim it, and a person's word lets it be taken over. `left` are fields
    that were to go, and stay.
    """

    action: Action
    ref: ObjectRef
    fields: tuple[FieldChange, ...] = ()
    refusal: Refusal | None = None
    checked: bool = True
    adopted: bool = False
    left: tuple[FieldLeft, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What an apply left: every wanted object that is there, those it wrote, and who said no.

    With refusals of the dry run nothing was written. `left` are fields that were to go, and stay, by object.
    """

    inventory: Inventory
    changed: Inventory = ()
    refusals: tuple[Refusal, ...] = ()
    left: tuple[tuple[ObjectRef, FieldLeft], ...] = ()
    was_there: bool = False
    """This deployment never had to write what it is to be: the destination had it, or had restored it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """How much pruning may delete. `confirmed` is a person's typed yes to exactly this deletion."""

    deletes: int = 3
    confirmed: bool = False
    undo: bool = False
    """The deployment is rolled back: only what was made since the last good one may go."""
    whole: bool = False
    """Nothing at all is wanted there any more, on purpose."""
    back: bool = False
    """A person goes back: what was taken over on the way is given back rather than deleted."""
    verified: int = 0
    """Sequence of the last good deployment: what a later one took over never came to be the formation's."""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeptObject:
    """An object that pruning left in place, and why."""

    ref: ObjectRef
    reason: str
    kept: bool = True
    """Whether it is still the formation's, in its inventory."""
    confirmable: bool = False
    """Whether a person is asked to say yes to deleting it: more than the budget, or at a place that the formation left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruned:
    """What pruning did: `inventory` is what is left of the stored one."""

    deleted: Inventory
    held: tuple[KeptObject, ...]
    inventory: Inventory
    freed: bool = False
    """What was deleted had decided fields of what stays, an autoscaler say: applied once more, the stencils' values count."""

    @property
    def unconfirmed(self) -> bool:
        """Whether a person is asked to say yes to deleting some of what stays."""
        return any(kept_object.confirmable for kept_object in self.held)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ledger:
    """What a formation keeps at its destination when there is no server: its inventory and a few texts.

    `version` guards against two writers: a ledger read before another one was written can't be written.
    """

    inventory: Inventory = ()
    entries: Mapping[str, str] = field(default_factory=dict)
    private: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Texts that hold values of secrets: kept where only those read them who may read secrets."""
    version: str | None = None
    reserve: int = 0
    """Bytes that have to fit in later: a ledger that would be too long with them is refused before anything is changed."""


def ref_of(manifest: Mapping[str, Any], namespace: str | None) -> ObjectRef:
    """The reference of a manifest; `namespace` is where it goes, None for an object that lives in no namespace.

    Raises UsageError for an object without a name: what has no name of its own can't be found again.
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


def owner_of(labels: Mapping[str, str]) -> str | None:
    """The formation that labels name as an object's owner, None when it isn't Sealane's."""
    if labels.get(MANAGED_BY) != "sealane" or not labels.get(APP) or not labels.get(FORMATION):
        return None
    return f"{labels[APP]}/{labels[FORMATION]}"
