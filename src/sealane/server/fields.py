"""The fields of requests with their limits; the bodies and forms of the API and the pages use them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from sealane import inputs
from sealane.access import lifetimes


def _line(subject: str, most: int = inputs.LONGEST_LINE) -> Callable[[str], str]:
    return lambda text: inputs.check_line(text, subject, most=most)


def _text(subject: str) -> Callable[[str], str]:
    return lambda text: inputs.check_text(text, subject)


_NAME: dict[str, Any] = {"maxLength": inputs.LONGEST_NAME, "pattern": inputs.NAME_PATTERN}
AppName = Annotated[
    str,
    Field(json_schema_extra={"maxLength": inputs.LONGEST_APP, "pattern": inputs.APP_PATTERN}),
    AfterValidator(inputs.check_app_name),
]
UserName = Annotated[
    str,
    Field(json_schema_extra=_NAME),
    AfterValidator(lambda name: inputs.check_name(name, "a user")),
]
Groups = Annotated[
    list[
        Annotated[
            str,
            Field(json_schema_extra=_NAME),
            AfterValidator(lambda name: inputs.check_name(name, "a group")),
        ]
    ],
    Field(max_length=100),
]
RelayName = Annotated[
    str,
    Field(json_schema_extra=_NAME),
    AfterValidator(lambda name: inputs.check_name(name, "a relay")),
]
TokenName = Annotated[
    str, Field(json_schema_extra={"maxLength": inputs.LONGEST_LINE}), AfterValidator(_line("the token's name"))
]


def _span(text: str) -> str:
    lifetimes.read(text, "the time")
    return text


Lifetime = Annotated[str, Field(json_schema_extra={"maxLength": 40}), AfterValidator(_span)]
"""A span such as `90d` or `12h`, or `never`."""
Branch = Annotated[
    str, Field(json_schema_extra={"maxLength": inputs.LONGEST_BRANCH}), AfterValidator(inputs.check_branch)
]
Folder = Annotated[
    str, Field(json_schema_extra={"maxLength": inputs.LONGEST_FOLDER}), AfterValidator(inputs.check_folder)
]
Owner = Annotated[str, Field(json_schema_extra={"maxLength": inputs.LONGEST_LINE}), AfterValidator(_line("the owner"))]
Url = Annotated[
    str,
    Field(json_schema_extra={"maxLength": inputs.LONGEST_URL}),
    AfterValidator(_line("the repository's URL", inputs.LONGEST_URL)),
]
Reference = Annotated[
    str,
    Field(json_schema_extra={"maxLength": inputs.LONGEST_LINE}),
    AfterValidator(_line("what is referred to")),
]
"""The id of a release, revision, run or deployment, a tag, or a workload."""
FormationName = Annotated[str, Field(pattern="^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", max_length=63)]
Commit = Annotated[str, Field(pattern="^([0-9a-f]{40}|[0-9a-f]{64})$", max_length=64)]
"""A commit's full hash."""
Version = Annotated[str, Field(pattern="^[A-Za-z0-9_][A-Za-z0-9_.+-]*$", max_length=100)]
"""The name that a builder gave to what it built; Elastic Beanstalk's labels have at most 100 characters."""
ImageReference = Annotated[
    str,
    Field(json_schema_extra={"maxLength": inputs.LONGEST_URL}),
    AfterValidator(_line("an image", inputs.LONGEST_URL)),
]
Reason = Annotated[
    str, Field(json_schema_extra={"maxLength": inputs.LONGEST_TEXT}), AfterValidator(_text("the reason"))
]
Comment = Annotated[
    str, Field(json_schema_extra={"maxLength": inputs.LONGEST_TEXT}), AfterValidator(_text("the comment"))
]
