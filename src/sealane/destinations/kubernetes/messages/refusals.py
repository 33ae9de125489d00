"""The meaning of a message about instances that are not created, or a container that can't be.

Pure: knows API servers only by their messages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sealane.verdicts import model

_LATER = re.compile(
    r"failed calling webhook|failed to call webhook|timed? ?out|deadline exceeded|connection refused|too many requests"
    r"|etcd|Internal error occurred|the server is currently unable|try again|object has been modified|EOF",
    re.IGNORECASE,
)
_ANSWERED = re.compile(r"denied the request|admission webhook \"[^\"]*\" denied", re.IGNORECASE)
_KEY = re.compile(
    r"(?:references non-existent (?:config|secret) key:|couldn't find key) (?P<key>\S+)"
    r"(?: in (?P<kind>\w+) \S+?/(?P<name>\S+))?"
)
_KINDS = {
    "configmap": "ConfigMap",
    "secret": "Secret",
    "serviceaccount": "ServiceAccount",
    "persistentvolumeclaim": "PersistentVolumeClaim",
}
_CLAIM = "PersistentVolumeClaim/"
_NOT_FOUND = re.compile(rf"(?P<kind>{'|'.join(_KINDS)})s? \"(?P<name>[^\"]+)\" not found", re.IGNORECASE)
_BAD_COMMAND = re.compile(
    r"executable file not found|no such file or directory|permission denied|exec format error|is a directory"
    r"|no command specified"
)
_BAD_USER = re.compile(r"runAsNonRoot|non-numeric user|will run as root|unable to find user|invalid user")
_LAYERS = re.compile(
    r"(?:OCI runtime create failed|failed to create shim task|unable to start container process"
    r"|failed to create containerd task): "
)
_PREFIX = re.compile(
    r"^(?:Error creating: |create Pod \S+ in \w+ \S+ failed error: |failed to create pod: )?"
    r"(?:pods \"[^\"]*\" is forbidden: )?"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """A reference to a missing object; `key` if the object exists without it."""

    reference: str
    key: str | None = None

    @property
    def detail(self) -> dict[str, str]:
        """The details for a fact; a volume claim is waited for, whoever creates it."""
        key = {"key": self.key} if self.key else {}
        return {"reference": self.reference, **key, **({"awaited": "yes"} if self.reference.startswith(_CLAIM) else {})}


def creating(message: str) -> model.FactKind:
    """Why a workload's instances can't be created."""
    if _ANSWERED.search(message):
        return model.FactKind.REFUSED
    if "exceeded quota" in message or "failed quota" in message:
        return model.FactKind.QUOTA
    if missing(message):
        return model.FactKind.REFERENCE_MISSING
    return model.FactKind.NOT_ANSWERING if _LATER.search(message) else model.FactKind.REFUSED


def words(message: str) -> str:
    """The refusal itself, without who tried to create what."""
    return " ".join(_PREFIX.sub("", message.strip()).split())


def missing(message: str) -> Missing | None:
    """The missing thing, if a message reports one.

    A volume's message names only the key; then the reference is `Kind/`, to be completed from the pod's volumes.
    """
    if match := _KEY.search(message):
        if match["kind"]:
            return Missing(reference=f"{match['kind']}/{match['name']}", key=match["key"])
        return Missing(reference="Secret/" if "secret key" in message else "ConfigMap/", key=match["key"])
    if match := _NOT_FOUND.search(message):
        return Missing(reference=f"{_KINDS[match['kind'].lower()]}/{match['name']}")
    return None


def starting(message: str) -> model.FactKind:
    """Why a container can't be created from its image, if nothing it refers to is missing."""
    if _BAD_COMMAND.search(message):
        return model.FactKind.BAD_COMMAND
    return model.FactKind.CANNOT_START if _BAD_USER.search(message) else model.FactKind.CREATE_ERROR


def start_words(message: str) -> str:
    """The container runtime's message, without the layers that pass it on."""
    text = " ".join(message.split())
    if match := re.search(r"exec: .*?(?=(?:: unknown)?$)", text):
        return match[0]
    return _LAYERS.split(text)[-1]
