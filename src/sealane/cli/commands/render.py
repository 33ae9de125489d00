"""`sealane render`: a formation's manifests as they would be applied."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sealane.cli import headings, options, output

if TYPE_CHECKING:
    from sealane.cli.local import local_formation
    from sealane.stencils.model import Rendered, Revision


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples(
        "sealane render production",
        "sealane render dev --image web=registry.example.com/shop/web:1.4 | kubectl apply -f -",
        "sealane render production --at v1.2 --json",
        "sealane render shop/production --at 20261121031512-8c21f0e",
    )
    app.command("render", rich_help_panel=headings.ANYWHERE, epilog=more)(render)


def render(
    ctx: typer.Context,
    formation: options.Formation,
    *,
    folder: options.Folder = Path(),
    image: options.Images = None,
    app: options.App = None,
    at: Annotated[
        str | None,
        typer.Option(
            "--at",
            metavar="COMMIT",
            help="Take the files of this commit, branch or tag; on a server what was rendered for this release, deployment or revision.",
        ),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Print a formation's manifests.

    Plain YAML documents, the same on every machine. Images that nothing has built yet read NAME@unbuilt, values of
    secrets <secret NAME>. With --json each object says the file and line it was written in, and so does each field.
    app/formation prints what a server has rendered: what is there, or --at a release, deployment or revision; values
    of secrets stay hidden.
    """
    if "/" in formation:
        from sealane.cli.remote import renderings

        given = {"--folder": folder if folder != Path() else None, "--image": image, "--app": app}
        renderings.render(formation, at, given, as_json=as_json)
        return
    from sealane.cli.local import local_formation

    tables = options.tables(ctx)
    project = local_formation.load(formation, folder, app=app, images=image or (), adapters=tables, commit=at)
    if local_formation.names_outputs(project):
        project = project.at(local_formation.environment(project, None))
    revision = project.render()
    if as_json:
        output.json(_plain(revision, project))
        return
    from sealane.stencils import manifest_yaml

    output.data(manifest_yaml.documents(rendered.object for rendered in revision.everything).rstrip("\n"))


def _plain(revision: Revision, project: local_formation.Project) -> dict[str, Any]:
    return {
        "app": revision.app,
        "formation": revision.formation,
        "environment": revision.environment,
        "destination": revision.destination,
        "namespace": revision.namespace,
        "revision": revision.id,
        "objects": [_object(rendered, project) for rendered in revision.everything],
    }


def _object(rendered: Rendered, project: local_formation.Project) -> dict[str, Any]:
    place = project.seen(rendered.origin.place())
    fields = {
        "".join(f"/{_escaped(part)}" for part in path): str(project.seen(origin))
        for path, origin in rendered.origin.places.items()
        if path
    }
    return {"file": place.file, "line": place.line, "column": place.column, "object": rendered.object, "fields": fields}


def _escaped(part: str | int) -> str:
    """A part of a JSON Pointer (RFC 6901)."""
    return str(part).replace("~", "~0").replace("/", "~1")
