"""Writes docs/api.md: the routes of the HTTP API, as its OpenAPI document tells them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sealane.errors import (
    Conflicting,
    Fenced,
    InvalidFiles,
    NotSignedIn,
    NotThere,
    Refused,
    SealaneError,
    TooLarge,
    TooManyAttempts,
    TooSlow,
    Unavailable,
    UnknownType,
    UsageError,
)
from sealane.server import application, error_responses, openapi
from sealane.settings.model import Settings

PAGE = Path(__file__).with_name("api.md")
HEADINGS = {
    "apps": "Apps",
    "formations": "Formations",
    "runs": "Runs",
    "deployments": "Deployments",
    "gates": "Gates and alerts",
    "events": "Events and the audit",
    "notices": "Notices",
    "users": "Users and tokens",
    "policies": "Policies",
    "webhooks": "Webhooks",
    "health": "Health",
}
KINDS: tuple[type[SealaneError], ...] = (
    NotSignedIn,
    Refused,
    NotThere,
    TooSlow,
    Conflicting,
    Fenced,
    TooLarge,
    UnknownType,
    UsageError,
    InvalidFiles,
    TooManyAttempts,
    SealaneError,
    Unavailable,
)
USUAL = {"401", "403", "404", "408", "413", "422", "429", "500", "503"}
"""What the table at the top tells."""

BEGINNING = """\
# The HTTP API

All that the command line and the pages do, the API does. A server has its own document in the OpenAPI 3.1 format at
`/api/openapi.json`, for everybody and without a token: every route, its parameters with their limits, bodies, all statuses it
answers, and what lets a request in. Tools make clients, tests and a page to try it from that document. This page is a summary.

```sh
curl -s https://sealane.example.com/api/openapi.json -o sealane.json
curl -s -H "Authorization: Bearer $SEALANE_TOKEN" https://sealane.example.com/api/formations
```

## Signing in

| what | how | for |
|---|---|---|
| `token` | `Authorization: Bearer sln_…`; `sealane user token` makes one | programs, the command line |
| `session` | the cookie of whoever signed in on the pages | reading, in a browser |
| `session` and `form` | the cookie, and the session's form token in `X-Form-Token` | changing something, in a browser |
| `signature` | PROOFS | [webhooks](webhooks.md), alerts |
| `alertToken` | `Authorization: Bearer …`; `sealane app alert-token APP` shows it | [alerts](gates.md) |

Git fetches and pushes at `/git/APP.git` with a name and a password (`Basic`); that is git's own protocol and not in the document.

## Errors

Every error has the same body, whatever the route:

```json
{
  "error": "Conflicting",
  "message": "the name shop is taken",
  "hint": "choose another name",
  "retry": false
}
```

`error` is the kind, for programs; `message` says what is wrong and `hint` what helps (or is `null`), for people. `retry` tells
whether the same request may work later.

| status | kind | when | try again |
|---|---|---|---|
"""
AFTER = """
Another method than a route has is answered with 405 and `Allow`. A server writes `answer.undocumented` to its log when it gives
an answer that its document lacks: that is a fault of ours, please report it.

## Routes

The columns: what it does; who may, beside whoever may read the app; the answer when all is well; and what it may answer
beside the statuses above.
"""
ENDING = """
This page is written by `make docs` from the server's own document.
"""


def page() -> str:
    """The whole page, as it should be."""
    with tempfile.TemporaryDirectory() as folder:
        app = application.create(Settings(data=Path(folder)))
    document = app.openapi()
    beginning = BEGINNING.replace("PROOFS", openapi.proofs())
    parts = [beginning.rstrip("\n"), *_errors(), AFTER.rstrip("\n")]
    for tag, heading in HEADINGS.items():
        rows = list(_rows(document, tag))
        assert rows, f"nothing has the tag {tag}"
        parts += [
            "",
            f"### {heading}",
            "",
            "| route | what it does | who | answers | or |",
            "|---|---|---|---|---|",
            *rows,
        ]
    return "\n".join(parts) + "\n" + ENDING


def _errors() -> Iterator[str]:
    for kind in KINDS:
        response = error_responses.described(kind)
        again = "yes" if kind.retry else "no"
        yield f"| {kind.http_status} | `{kind.__name__}` | {response} | {again} |"


def _rows(document: dict[str, Any], tag: str) -> Iterator[str]:
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            if found["tags"] == [tag]:
                text, _, who = found["description"].partition("\n\n")
                good = [status for status in found["responses"] if status < "400"]
                more = [status for status in found["responses"] if status >= "400" and status not in USUAL]
                who = who.removeprefix("For whoever may ").rstrip(".") or _who(found)
                said = " ".join(text.split()).replace("|", "\\|")
                yield f"| `{method.upper()} {path}` | {said} | {who} | {', '.join(good)} | {', '.join(more)} |"


def _who(found: dict[str, Any]) -> str:
    schemes = [name for each in found.get("security", ()) for name in each]
    if not schemes:
        return "everybody"
    return "" if "token" in schemes else " or ".join(f"`{each}`" for each in schemes)


if __name__ == "__main__":
    PAGE.write_text(page())
