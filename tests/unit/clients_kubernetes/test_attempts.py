"""Errors of a cluster say what was tried with which object, never a path."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.clients.kubernetes import attempts, error_responses
from sealane.clients.kubernetes.transport import Call

names = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@pytest.mark.parametrize(
    ("method", "path", "name", "words"),
    [
        ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web", "", "changing deployment web in namespace shop"),
        ("POST", "/api/v1/namespaces/shop/configmaps", "keys", "creating configmap keys in namespace shop"),
        ("POST", "/api/v1/namespaces/shop/configmaps", "", "creating configmap in namespace shop"),
        ("GET", "/api/v1/namespaces/shop/pods", "", "listing pods in namespace shop"),
        ("GET", "/api/v1/namespaces/shop", "", "reading namespace shop"),
        ("GET", "/api/v1/namespaces", "", "listing namespaces"),
        ("GET", "/api/v1/namespaces/shop/pods/web-1/log", "", "reading the log of pod web-1 in namespace shop"),
        ("DELETE", "/apis/networking.k8s.io/v1/namespaces/a/ingresses/b", "", "deleting ingress b in namespace a"),
        (
            "PATCH",
            "/apis/networking.k8s.io/v1/namespaces/a/networkpolicies/b",
            "",
            "changing networkpolicy b in namespace a",
        ),
        (
            "GET",
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/a.b",
            "",
            "reading customresourcedefinition a.b",
        ),
        ("GET", "/api", "", "asking the cluster which kinds it has"),
        ("GET", "/apis", "", "asking the cluster which kinds it has"),
        (
            "POST",
            "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
            "",
            "asking the cluster what the account may do",
        ),
    ],
)
def test_what_was_tried(method: str, path: str, name: str, words: str) -> None:
    assert attempts.words(method, path, name=name) == words


@given(
    method=st.sampled_from(("GET", "POST", "PATCH", "PUT", "DELETE")),
    group=st.sampled_from(("/api/v1", "/apis/apps/v1", "/apis/example.com/v1beta1")),
    namespace=st.none() | names,
    resource=st.sampled_from(("pods", "deployments", "ingresses", "networkpolicies", "widgets")),
    name=names,
    code=st.sampled_from((400, 401, 403, 404, 409, 410, 422, 429, 500, 503)),
)
def test_no_error_repeats_a_path(
    method: str, group: str, namespace: str | None, resource: str, name: str, code: int
) -> None:
    """Whatever is asked for, and whatever the answer: it names the object and where it is."""
    place = f"/namespaces/{namespace}" if namespace else ""
    whole = "" if method == "POST" else f"/{name}"
    call = Call(method=method, path=f"{group}{place}/{resource}{whole}", name=name)
    body = json.dumps({"kind": "Status", "message": "no", "code": code}).encode()
    error = error_responses.of_response(code, body, request=str(call))
    assert "/" not in error.message
    assert method not in error.message
    assert f" {name}" in error.message
    assert namespace is None or f"in namespace {namespace}" in error.message
