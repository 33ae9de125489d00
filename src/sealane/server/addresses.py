"""Parts of addresses, each with its pattern. If a part does not match, nothing exists there: the answer is 404."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query

from sealane import inputs

_LABEL = {"pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", "maxLength": 63}


def _part(description: str, **limits: Any) -> Any:
    return Path(description=description, json_schema_extra={"minLength": 1, **limits})


def _id(prefix: str) -> str:
    return f"^{prefix}-[a-z0-9]{{10}}$"


App = Annotated[str, _part("An app's name.", pattern=inputs.APP_PATTERN)]
Formation = Annotated[str, _part("The name of a formation.", **_LABEL)]
Gate = Annotated[str, _part("The name of a gate.", **_LABEL)]
Run = Annotated[str, _part("The id of a run.", pattern=_id("r"))]
Deployment = Annotated[str, _part("The id of a deployment.", pattern=_id("d"))]
User = Annotated[str, _part("A user's name.", pattern=inputs.NAME_PATTERN)]
Relay = Annotated[str, _part("A relay's name.", pattern=inputs.NAME_PATTERN)]
Token = Annotated[str, _part("The id of a token: its first part, after `sln_`.", pattern="^[a-z0-9]{10}$")]
Bundle = Annotated[str, _part("The SHA-256 of a bundle's content.", pattern="^[0-9a-f]{64}$")]
LogKey = Annotated[
    str,
    _part(
        "Whose log, by the key that the run's steps have: `step/NAME`, `image/NAME`.",
        pattern="^[a-z]+/[A-Za-z0-9_.-]+$",
    ),
]
Subject = Annotated[
    str,
    _part(
        "The id of a run or a deployment, `app/formation`, or an app's name.",
        pattern="^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)?$",
        maxLength=inputs.LONGEST_LINE,
    ),
]
Before = Annotated[
    str | None,
    Query(max_length=inputs.LONGEST_LINE, description="The id of the last item of the page before."),
]
Limit = Annotated[int, Query(ge=1, le=200, description="The most items.")]
