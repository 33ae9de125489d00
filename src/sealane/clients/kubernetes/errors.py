"""The errors of a cluster, as one tree. Pure: turns a status code and a body into an error.

ClusterError
├── Unreachable         no answer: network, time-out, TLS        retried
│   ├── Untrusted       its certificate is not the one expected
│   └── RelayAway       the relay that reaches it is not connected
├── NoSignIn            no usable kubeconfig, context or credentials
├── Unauthorized        401
├── Forbidden           403: the account lacks the right
├── NamespaceTerminating 403: the namespace of the object is being deleted
├── AdmissionDenied     a webhook, policy or plugin refuses
├── QuotaExceeded
├── NotFound            404
│   ├── NoNamespace     the namespace of the object does not exist
│   └── UnknownKind     the cluster has no such kind
├── Conflict            409: `causes` name field and manager
│   └── AlreadyExists
├── Gone                410: the resource version is too old
├── Invalid             400, 413, 422: `causes` name the fields
│   └── Rejected        the schema refuses
├── TooManyRequests     429                                      retried
└── ServerError         5xx, failing webhooks                    retried
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sealane import errors

_NEVER_CHANGES = ("immutable", "may not change once set", "updates to statefulset spec for fields other than")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """One of several reasons: a field, its problem and, in a conflict, its manager.

    `reason` is the API's own word, such as `FieldValueForbidden`.
    """

    field: str
    message: str
    manager: str | None = None
    reason: str = ""


class ClusterError(errors.SealaneError):
    """The cluster could not, or would not, do it.

    `status` is the HTTP code, None when there was no answer; `answer` is what the server said, in its own words.
    """

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        status: int | None = None,
        causes: tuple[Cause, ...] = (),
        retry_after: float | None = None,
        answer: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.causes = causes
        self.retry_after = retry_after
        self.answer = errors.concealed(answer) if answer else self.message


class Unreachable(ClusterError):
    """No answer came. `sent` is False when the request certainly never reached the server."""

    retry = True
    unreached = True
    http_status = 503
    sent = True


class Untrusted(Unreachable):
    """The server's certificate is not trusted; asking again won't help."""

    retry = False
    sent = False


class RelayAway(Unreachable):
    """The relay beside the cluster is not connected; it reconnects by itself, so waiting may help."""

    comes_back = True


class NoSignIn(ClusterError):
    """There is no usable way to sign in: kubeconfig, context, plugin or in-cluster token."""

    exit_code = 2


class Unauthorized(ClusterError):
    """The cluster doesn't accept the credentials."""


class Forbidden(ClusterError):
    """The account may not do this."""


class NamespaceTerminating(ClusterError):
    """Nothing can be created in the namespace any more: it is being deleted."""


class AdmissionDenied(ClusterError):
    """An admission webhook, policy or plugin refuses the object."""

    @property
    def has_no_dry_run(self) -> bool:
        """Whether only the dry run is refused: webhooks with side effects are not called in one."""
        return "does not support dry run" in self.answer


class QuotaExceeded(ClusterError):
    """A resource quota refuses the object."""


class NotFound(ClusterError):
    """There is no such object or namespace."""


class NoNamespace(NotFound):
    """The object's namespace does not exist."""


class UnknownKind(NotFound):
    """The cluster does not know the kind."""


class Conflict(ClusterError):
    """Another manager owns the fields, or the object changed in between."""


class AlreadyExists(Conflict):
    """The object to create already exists."""


class Gone(ClusterError):
    """The resource version or page token is too old: list again."""


class Invalid(ClusterError):
    """The object is not valid."""

    @property
    def immutable(self) -> bool:
        """Whether an immutable field was to change."""
        return any(words in self.message for words in _NEVER_CHANGES)


class Rejected(Invalid):
    """The object doesn't fit its schema: a misspelt field or a wrong type."""


class TooManyRequests(ClusterError):
    """The server asks for patience."""

    retry = True


class ServerError(ClusterError):
    """The server, its store or one of its webhooks has a problem."""

    retry = True


def as_data(error: ClusterError) -> dict[str, Any]:
    """The error as plain data, for evidence."""
    return {
        "error": type(error).__name__,
        "message": error.message,
        "status": error.status,
        "causes": [{"field": c.field, "message": c.message, "manager": c.manager} for c in error.causes],
    }
