"""`sealane init`: a small beginning for a repository."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sealane import errors
from sealane.cli import headings, options, output

if TYPE_CHECKING:
    from sealane.scaffold.detection import Project


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples("sealane init", "sealane init ../shop")
    app.command("init", rich_help_panel=headings.ANYWHERE, epilog=more)(init)


def init(
    ctx: typer.Context,
    folder: Annotated[
        Path, typer.Argument(help="The repository's folder.", show_default=False, parser=options.path)
    ] = Path(),
    as_json: output.Json = False,
) -> None:
    """Write a small beginning that fits what is there.

    Looks for a Dockerfile, Kustomize directories, a Python, Node.js or Go project and the pipeline of another CI, whose
    steps are taken as they are. Writes .sealane.yml and a formation for each overlay or, where there is an image to deploy,
    stencils and a formation; also later, when a Dockerfile has come. Never overwrites a file.
    """
    from sealane.pipelines import reading
    from sealane.scaffold import detection, templates

    if not folder.is_dir():
        raise errors.NotThere(f"there is no folder {folder}")
    if misnamed := next((name for name in reading.misnamed(options.tables(ctx)) if (folder / name).exists()), None):
        hint = f"rename it to {reading.FILE}, or remove it"
        raise errors.UsageError(f"{folder / misnamed} is there, which nothing looks for", hint=hint)
    others = [name for name in reading.sources(options.tables(ctx)) if name != reading.FILE]
    project = detection.detect(folder, others)
    files = templates.compose(project)
    started = detection.is_started(folder)
    if started:
        # A Dockerfile that came later gets its files; an existing pipeline belongs to its owner.
        files = {} if (folder / "deploy").exists() else {name: files[name] for name in files if name != reading.FILE}
    written, existing = _write(folder, files)
    if as_json:
        output.json({"language": project.language, "written": written, "kept": existing})
        return
    for path in written:
        output.data(path)
    _tell(project, folder, written, existing)
    if started and written:
        output.say("kept as it is: .sealane.yml; where it has nothing like this yet, add to it:")
        output.say(templates.delivery(project).rstrip())
    elif not started and not project.images and not project.kustomizations:
        output.say("once there is a Dockerfile, `sealane init` writes what deploys it, too")


def _write(folder: Path, files: dict[str, str]) -> tuple[list[str], list[str]]:
    """Writes missing files; gives the names written, and those kept."""
    written, existing = [], []
    for name, text in files.items():
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError:
            existing.append(name)
        except OSError as error:
            raise errors.UsageError(f"{path} can't be written: {error.strerror}") from error
        else:
            written.append(name)
    return written, existing


def _tell(project: Project, folder: Path, written: list[str], existing: list[str]) -> None:
    if not written:
        output.say(f"nothing written: {folder / '.sealane.yml'} is there already")
        return
    built = ", ".join(image.name for image in project.images)
    detected = f"{project.language}{f'; images to build: {built}' if built else '; no Dockerfile'}"
    output.say(f"found: {detected}")
    if any(path.startswith("deploy/formations/") for path in written) and project.kustomizations:
        folders = ", ".join(project.kustomizations.values())
        output.say(
            f"Kustomize directories: {folders}; images: in one puts an image of the pipeline there: ${{image.NAME}}"
        )
    for name in existing:
        output.say(f"kept as it is: {name}")
    if any(image.as_root for image in project.images) and any("stencils" in name for name in written):
        output.say("a Dockerfile names no USER: the stencil runs it as user 65532, which it must be able to bear")
    output.say("next: `sealane validate` checks it, `sealane run` runs it here")
