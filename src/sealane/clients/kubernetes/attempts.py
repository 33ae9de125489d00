"""Describes requests to an API server. Pure: method and path in, words out."""

from __future__ import annotations

_VERBS = {"GET": "reading", "POST": "creating", "PUT": "changing", "PATCH": "changing", "DELETE": "deleting"}
_REVIEWS = "selfsubjectaccessreviews"


def words(method: str, path: str, *, name: str = "") -> str:
    """The request in words for errors: `changing deployment web in namespace shop`; `name` is that of a new object."""
    resource, named_part, part, where = _parsed(path)
    verb = _VERBS.get(method, method.lower())
    if not resource:
        return "asking the cluster which kinds it has"
    if resource == _REVIEWS:
        return "asking the cluster what the account may do"
    if method == "GET" and not named_part:
        return f"listing {resource}{where}"
    named = " ".join(word for word in (_one(resource), named_part or name) if word)
    return f"{verb} the {part} of {named}{where}" if part else f"{verb} {named}{where}"


def _parsed(path: str) -> tuple[str, str, str, str]:
    """Resource, name, subresource, and namespace; empty if the path has none."""
    parts = path.strip("/").split("/")
    rest = parts[2:] if parts[0] == "api" else parts[3:]
    where = ""
    if len(rest) > 2 and rest[0] == "namespaces":
        where, rest = f" in namespace {rest[1]}", rest[2:]
    resource, name, part = (*rest, "", "", "")[:3]
    return resource, name, part, where


def _one(plural: str) -> str:
    """The singular of a resource's plural name: `networkpolicy`, `ingress`, `pod`."""
    if plural.endswith("ies"):
        return f"{plural.removesuffix('ies')}y"
    if plural.endswith(("sses", "xes", "ches", "shes")):
        return plural.removesuffix("es")
    return plural.removesuffix("s")
