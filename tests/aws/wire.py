"""The protocols of both services, as botocore reads and writes them: forms in and XML out, and JSON 1.1."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

NAMESPACE = "http://elasticbeanstalk.amazonaws.com/docs/2010-12-01/"
VOID = frozenset(
    {"AbortEnvironmentUpdate", "SwapEnvironmentCNAMEs", "RequestEnvironmentInfo", "DeleteApplicationVersion"}
)
"""What answers with nothing but the number of the request."""


class Answered(Exception):
    """The service says no."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


def form(body: bytes) -> dict[str, Any]:
    """The form as nested values: `A.member.1.B=x` is a list of mappings under A."""
    nested: dict[str, Any] = {}
    for key, value in parse_qsl(body.decode(), keep_blank_values=True):
        parts, at = key.split("."), nested
        for part in parts[:-1]:
            at = at.setdefault(part, {})
        at[parts[-1]] = value
    return {key: _listed(value) for key, value in nested.items()}


def _listed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if set(value) == {"member"}:
        return [_listed(value["member"][number]) for number in sorted(value["member"], key=int)]
    return {key: _listed(part) for key, part in value.items()}


def answer(action: str, result: Mapping[str, Any], request: str) -> bytes:
    """What came of it."""
    inner = "" if action in VOID else f"<{action}Result>{_fields(result)}</{action}Result>"
    meta = f"<ResponseMetadata><RequestId>{request}</RequestId></ResponseMetadata>"
    return f'<{action}Response xmlns="{NAMESPACE}">{inner}{meta}</{action}Response>'.encode()


def refusal(error: Answered, request: str) -> bytes:
    """Why not."""
    told = f"<Code>{error.code}</Code><Message>{escape(error.message)}</Message>"
    return (
        f'<ErrorResponse xmlns="{NAMESPACE}"><Error><Type>Sender</Type>{told}</Error>'
        f"<RequestId>{request}</RequestId></ErrorResponse>"
    ).encode()


def json_answer(result: Mapping[str, Any]) -> bytes:
    """What came of it, in JSON; times are seconds."""
    return json.dumps(result, default=lambda at: at.timestamp()).encode()


def json_refusal(error: Answered) -> bytes:
    """Why not, in JSON."""
    return json.dumps({"__type": f"com.amazonaws.ecs#{error.code}", "message": error.message}).encode()


def _fields(values: Mapping[str, Any]) -> str:
    return "".join(f"<{key}>{_text(value)}</{key}>" for key, value in values.items() if value is not None)


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return _fields(value)
    if isinstance(value, list | tuple):
        return "".join(f"<member>{_text(part)}</member>" for part in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return escape(str(value))


def scope(authorization: str) -> str:
    """The service that a signature is for; empty without one."""
    found = re.match(r"AWS4-HMAC-SHA256 Credential=[^/]+/\d{8}/[^/]+/([^/]+)/aws4_request", authorization)
    return found.group(1) if found else ""


def signer(authorization: str) -> str:
    """Whose key a request is signed with."""
    found = re.search(r"Credential=([^/]+)/", authorization)
    return found.group(1) if found else ""


def assumed(role: str) -> bytes:
    """Credentials of a role, for an hour of the real time that the SDK looks at."""
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = f"<AccessKeyId>{role}</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    told = f"<Credentials>{keys}<Expiration>{until}</Expiration></Credentials>"
    inner = f"<AssumeRoleResult>{told}</AssumeRoleResult>"
    return (
        f'<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">{inner}</AssumeRoleResponse>'.encode()
    )
