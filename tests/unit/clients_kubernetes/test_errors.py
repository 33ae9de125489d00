"""What the API server says no with becomes the right error."""

from __future__ import annotations

import json

import pytest

from sealane.clients.kubernetes import error_responses, errors


def said(
    code: int, message: str = "", *, secret: bool = False, reason: str = "", **details: object
) -> errors.ClusterError:
    body = {"kind": "Status", "message": message, "reason": reason, "code": code, "details": details}
    return error_responses.of_response(code, json.dumps(body).encode(), request="changing pod x", secret=secret)


@pytest.mark.parametrize(
    ("code", "message", "reason", "expected"),
    [
        (401, "Unauthorized", "Unauthorized", errors.Unauthorized),
        (403, 'pods is forbidden: User "u" cannot list resource "pods"', "Forbidden", errors.Forbidden),
        (403, 'pods "x" is forbidden: exceeded quota: q, requested: pods=1', "Forbidden", errors.QuotaExceeded),
        (403, 'pods "x" is forbidden: violates PodSecurity "restricted:latest"', "Forbidden", errors.AdmissionDenied),
        (403, 'pods "x" is forbidden: maximum cpu usage per Container is 1', "Forbidden", errors.AdmissionDenied),
        (400, 'admission webhook "v.example.com" denied the request: no', "", errors.AdmissionDenied),
        (
            422,
            "x is forbidden: ValidatingAdmissionPolicy 'p' with binding 'b' denied",
            "Invalid",
            errors.AdmissionDenied,
        ),
        (404, 'namespaces "x" not found', "NotFound", errors.NotFound),
        (409, "exists", "AlreadyExists", errors.AlreadyExists),
        (409, "the object has been modified", "Conflict", errors.Conflict),
        (410, "too old", "Expired", errors.Gone),
        (422, "spec.replicas: Invalid value", "Invalid", errors.Invalid),
        (400, 'strict decoding error: unknown field "spec.replcas"', "BadRequest", errors.Rejected),
        (500, "failed to create typed patch object (a/b; v1, Kind=C): .spec.x", "", errors.Rejected),
        (500, "Internal error occurred: failed calling webhook", "InternalError", errors.ServerError),
        (500, "etcdserver: leader changed", "", errors.ServerError),
        (500, "etcdserver: request is too large", "", errors.Invalid),
        (503, "unavailable", "ServiceUnavailable", errors.ServerError),
        (429, "slow down", "TooManyRequests", errors.TooManyRequests),
    ],
)
def test_each_answer_has_its_error(code: int, message: str, reason: str, expected: type[errors.ClusterError]) -> None:
    assert type(said(code, message, reason=reason)) is expected


@pytest.mark.parametrize(
    ("error", "retry"),
    [
        (said(500, "failed to create typed patch object"), False),
        (said(500, "x", reason="InternalError"), True),
        (said(429), True),
        (said(409), False),
        (said(409, "modified", kind="resourcequotas"), True),
        (errors.Unreachable("x"), True),
        (errors.Untrusted("x"), False),
    ],
)
def test_retry_only_where_it_may_help(error: errors.ClusterError, retry: bool) -> None:
    assert error.retry is retry


def test_a_conflict_names_fields_and_managers() -> None:
    error = said(
        409,
        "Apply failed with 1 conflict",
        reason="Conflict",
        causes=[
            {
                "reason": "FieldManagerConflict",
                "message": 'conflict with "kubectl-edit" using apps/v1',
                "field": ".spec.replicas",
            }
        ],
    )
    assert [(cause.field, cause.manager) for cause in error.causes] == [(".spec.replicas", "kubectl-edit")]


def test_an_immutable_field_is_recognised() -> None:
    error = said(422, 'Deployment.apps "x" is invalid: spec.selector: Invalid value: ...: field is immutable')
    assert isinstance(error, errors.Invalid)
    assert error.immutable


def test_what_counts_in_a_long_message_is_kept() -> None:
    """A Job's template is repeated whole before the words that matter."""
    message = f"Invalid value: {{{'x' * 5000}}}: field is immutable"
    error = said(
        422, f"Job x is invalid: spec.template: {message}", causes=[{"field": "spec.template", "message": message}]
    )
    assert isinstance(error, errors.Invalid)
    assert error.answer == "spec.template: Invalid value: field is immutable"
    assert error.immutable


@pytest.mark.parametrize(
    "message",
    [
        "failed to create typed patch object (a/b; v1, Kind=Secret): .data.p: expected string, got &value{Value:hunter22}",
        'Secret "b" is invalid: data[p]: Invalid value: "hunter22": must be',
        'Secret in version "v1" cannot be handled: expects ", error found in #10 byte of ...|"p":hunter22}|...',
    ],
)
def test_values_of_secrets_are_never_repeated(message: str) -> None:
    assert "hunter22" not in str(said(500, message, secret=True))


def test_a_missing_namespace_is_told_from_a_missing_object() -> None:
    assert type(said(404, 'namespaces "x" not found', kind="namespaces")) is errors.NoNamespace
    assert type(said(404, 'pods "x" not found', kind="pods")) is errors.NotFound


def test_credentials_are_never_repeated() -> None:
    assert "eyJhbGciOi" not in str(said(400, "bad header Authorization: Bearer eyJhbGciOi.abc"))


def test_a_proxys_page_is_not_repeated() -> None:
    error = error_responses.of_response(502, b"<html>internal-host-7</html>", request="GET /x")
    assert isinstance(error, errors.ServerError)
    assert str(error) == "GET /x: HTTP 502"


def test_messages_and_causes_are_capped() -> None:
    error = said(422, "x" * 10_000, causes=[{"field": str(n), "message": "y" * 5000} for n in range(500)])
    assert len(error.message) < 2100
    assert len(error.causes) == error_responses.MAX_CAUSES
    assert all(len(cause.message) <= 500 for cause in error.causes)
