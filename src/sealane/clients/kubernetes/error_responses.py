"""What a cluster answers, as an error. Pure: from a status code and a body, or from a `Status` of a watch."""

from __future__ import annotations

import re
from typing import ClassVar

import msgspec

from sealane import typed_data
from sealane.clients.kubernetes.errors import (
    AdmissionDenied,
    AlreadyExists,
    Cause,
    ClusterError,
    Conflict,
    Forbidden,
    Gone,
    Invalid,
    NamespaceTerminating,
    NoNamespace,
    NotFound,
    QuotaExceeded,
    Rejected,
    ServerError,
    TooManyRequests,
    Unauthorized,
)

MAX_MESSAGE = 2000
MAX_CAUSES = 20
_SCHEMA_SAYS_NO = ("failed to create typed patch object", "failed to convert new object", "failed to merge")
_STORE_SAYS_NO = "request is too large"
_MANAGER = re.compile(r'conflict with "([^"]+)"')
_POLICY = re.compile(r"admission webhook \"|ValidatingAdmissionPolicy '|violates PodSecurity")
_VALUES = (
    (re.compile(r"(Invalid value: )(\"(?:[^\"\\]|\\.)*\"|[^\s:,]+)"), r"\1<hidden>"),
    (re.compile(r"(, got ).*", re.DOTALL), r"\1<hidden>"),
    (re.compile(r", error found in #.*", re.DOTALL), ""),
)
_LONG_VALUE = re.compile(r"Invalid value: .{80,}(?=: )", re.DOTALL)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")


class _Cause(msgspec.Struct):
    field: str = ""
    message: str = ""
    reason: str = ""


class _Details(msgspec.Struct, rename="camel"):
    kind: str = ""
    causes: list[_Cause] = []
    retry_after_seconds: float | None = None


class Status(msgspec.Struct):
    """The fields that are read of the API's `Status` object."""

    kind: str = ""
    message: str = ""
    reason: str = ""
    code: int = 0
    details: _Details | None = None

    KIND: ClassVar[str] = "Status"


_BY_CODE: dict[int, type[ClusterError]] = {
    400: Invalid,
    401: Unauthorized,
    404: NotFound,
    405: Invalid,
    406: Invalid,
    409: Conflict,
    410: Gone,
    413: Invalid,
    415: Invalid,
    422: Invalid,
    429: TooManyRequests,
}


def of_response(
    code: int, body: bytes, *, request: str, secret: bool = False, retry_after: float | None = None
) -> ClusterError:
    """The error for a response. `request` is the attempt in words; a `secret`'s values are hidden."""
    try:
        status = typed_data.from_json(body, Status)
    except ValueError:
        status = Status()
    if status.kind != Status.KIND:  # a proxy's page, or text: nothing from it is repeated
        status = Status(code=code)
    replaced = msgspec.structs.replace(status, code=code)
    return of_status(replaced, request=request, secret=secret, retry_after=retry_after)


def of_status(status: Status, *, request: str, secret: bool = False, retry_after: float | None = None) -> ClusterError:
    """The error for a `Status`, whatever its source (a response, or an ERROR event of a watch)."""
    details = status.details or _Details()
    kind = _class_of(status, details)
    causes = tuple(
        Cause(
            field=cause.field,
            message=scrubbed(_LONG_VALUE.sub("Invalid value", cause.message), secret=secret)[:500],
            manager=_manager(cause.message),
            reason=cause.reason,
        )
        for cause in details.causes[:MAX_CAUSES]
    )
    message = scrubbed(_in_short(kind, status.message, details), secret=secret)[:MAX_MESSAGE] or f"HTTP {status.code}"
    return kind(
        f"{request}: {message}",
        hint=_HINTS.get(kind),
        status=status.code,
        causes=causes,
        retry_after=details.retry_after_seconds or retry_after,
        answer=message,
    )


def scrubbed(message: str, *, secret: bool) -> str:
    """The message without credentials and, if it is about a Secret, without the values that the server repeats."""
    message = _BEARER.sub(r"\1 <hidden>", message)
    if secret:
        for pattern, instead in _VALUES:
            message = pattern.sub(instead, message)
    return message


_HINTS: dict[type[ClusterError], str] = {
    Unauthorized: "the token or certificate has expired, or belongs to another cluster",
    Forbidden: "ask the cluster's operators for what `sealane role` prints",
}


def _class_of(status: Status, details: _Details) -> type[ClusterError]:  # noqa: PLR0911 - one return a rule
    message = status.message
    if status.code < 500 and _POLICY.search(message):
        return AdmissionDenied
    if status.code == 403:
        return _forbidden(message)
    if status.code == 409:
        if details.kind == "resourcequotas":  # two creations raced for the quota's counter; asking again settles it
            return ServerError
        return AlreadyExists if status.reason == "AlreadyExists" else Conflict
    if status.code == 404 and details.kind == "namespaces":
        return NoNamespace
    if status.code == 400 and "strict decoding error" in message:
        return Rejected
    if status.code == 500 and not status.reason and message.startswith(_SCHEMA_SAYS_NO):
        return Rejected
    if status.code == 500 and message.endswith(_STORE_SAYS_NO):
        return Invalid
    return _BY_CODE.get(status.code, ServerError if status.code >= 500 else ClusterError)


def _forbidden(message: str) -> type[ClusterError]:
    if "because it is being terminated" in message:
        return NamespaceTerminating
    if "exceeded quota" in message or "failed quota" in message:
        return QuotaExceeded
    account_may_not = re.search(r'User "[^"]*" cannot ', message) or not message
    return Forbidden if account_may_not else AdmissionDenied


def _in_short(kind: type[ClusterError], message: str, details: _Details) -> str:
    """The message without the page of data that an invalid object's message has: the important part is at its end."""
    if not issubclass(kind, Invalid) or not details.causes or len(message) < 300:
        return message
    return "; ".join(f"{c.field}: {_LONG_VALUE.sub('Invalid value', c.message)}" for c in details.causes[:MAX_CAUSES])


def _manager(message: str) -> str | None:
    match = _MANAGER.search(message)
    return match[1] if match else None
