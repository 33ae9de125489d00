"""What a server has rendered: manifests of a formation, and what differs between two of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import typer

from sealane import typed_data
from sealane.cli import output
from sealane.cli.remote import client, connection
from sealane.cli.screens import rendered_differences
from sealane.errors import UsageError
from sealane.releases.changes import Changes
from sealane.stencils import manifest_yaml


def render(subject: str, at: str | None, given: Mapping[str, Any], *, as_json: bool) -> None:
    """Prints what is in `app/formation`, or was rendered for it. `given` are options for files of this machine."""
    _check(given)
    app, formation = client.place(subject)
    asked = {"at": at} if at else {}
    answer = connection.server().get(f"/api/formations/{app}/{formation}/manifests", **asked)
    if as_json:
        output.json(answer)
    else:
        output.data(manifest_yaml.documents(item["object"] for item in answer["objects"]).rstrip("\n"))


def diff(left: str, right: str, given: Mapping[str, Any], *, as_json: bool) -> None:
    """Prints what differs from the left to the right one, each `app/formation` or `app/formation@REF` of one app."""
    _check(given)
    (app, one), (other_app, other) = (_side(side) for side in (left, right))
    if app != other_app:
        raise UsageError(f"{left} and {right} are of two apps", hint="name two formations of one app")
    # The answer tells the changes from its right side to its left one.
    answer = connection.server().get(f"/api/apps/{app}/compare", left=other, right=one)
    differing = typed_data.convert(answer["changes"], Changes)
    if as_json:
        output.json(rendered_differences.plain(differing, left, right))
    else:
        rendered_differences.show(differing)
    if differing:
        raise typer.Exit(1)


def _side(side: str) -> tuple[str, str]:
    """The app, and the formation with what is behind the `@`."""
    subject, at, wanted = side.partition("@")
    app, formation = client.place(subject)
    return app, f"{formation}{at}{wanted}"


def _check(given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if value:
            raise UsageError(f"{name} is for files of this machine, and a server has its own", hint="leave it out")
