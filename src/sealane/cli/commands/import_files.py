"""`sealane import`: what another tool's files would be as stencils, and how true they stay."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sealane.cli import headings, options, output

if TYPE_CHECKING:
    from sealane.scaffold.compose_services import Imported


class Target(StrEnum):
    """Kinds of destinations that a file is imported for."""

    ECS = "ecs"


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Stencils from other tools' files.")
    more = output.examples("sealane import compose compose.yaml --to ecs --out deploy/stencils/compose.yaml")
    group.command("compose", epilog=more)(compose)
    app.add_typer(group, name="import", rich_help_panel=headings.ANYWHERE)


def compose(
    file: Annotated[Path, typer.Argument(help="The compose file.", parser=options.path)],
    to: Annotated[Target, typer.Option(help="The kind of destination.")] = Target.ECS,
    out: Annotated[
        Path | None,
        typer.Option(help="Write the stencils to this new file; printed when left out.", parser=options.path),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Turn a compose file's services into task definitions and services of ECS on Fargate.

    Each field is reported with its line: exact, approximated (and how), or refused (and what to do). What is refused is
    left out. Exits with 1 if anything is refused.
    """
    from sealane import errors
    from sealane.configfiles import documents
    from sealane.scaffold import compose_services
    from sealane.scaffold.compose_fields import Fidelity
    from sealane.stencils import manifest_yaml

    del to  # there is one
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as problem:
        raise errors.NotThere(f"{file} can't be read: {problem}") from None
    parsed, problems = documents.read(text, str(file))
    if problems or len(parsed) != 1:
        raise errors.InvalidFiles(problems or [])
    made = compose_services.read(parsed[0])
    if not made.objects:
        raise errors.UsageError(f"{file} has no services")
    stencils = manifest_yaml.documents(made.objects)
    if out is not None:
        if out.exists():
            raise errors.UsageError(f"{out} is there already", hint="name another file")
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(stencils)
    if as_json:
        output.json({"objects": made.objects, "images": made.images, "report": _plain(made)})
    else:
        if out is None:
            output.data(stencils.rstrip())
        _tell(made)
    if any(translated.fidelity is Fidelity.REFUSED for translated in made.report):
        raise typer.Exit(1)


def _tell(made: Imported) -> None:
    for translated in made.report:
        output.say(
            f"{translated.place}: {translated.fidelity}: {translated.field}{f': {translated.words}' if translated.words else ''}"
        )
    for name, image in made.images.items():
        output.say(f"put into .sealane.yml: images: {{{name}: {{build: {image['build']}}}}}")
    output.say("the formation has to say values: subnet_a, subnet_b, security_group")


def _plain(made: Imported) -> list[dict[str, object]]:
    return [
        {
            "place": str(translated.place),
            "fidelity": translated.fidelity,
            "field": translated.field,
            "words": translated.words,
        }
        for translated in made.report
    ]
