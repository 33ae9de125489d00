"""`sealane schema`: the JSON Schema of a file, for editors."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from sealane.cli import headings, options, output

if TYPE_CHECKING:
    from sealane.adapters import Adapters


class FileKind(StrEnum):
    """Files that have a schema."""

    PIPELINE = "pipeline"
    FORMATION = "formation"
    ENVIRONMENT = "environment"
    PEOPLE = "people"
    ACCESS = "access"
    NOTICES = "notices"
    BEANSTALK_ENVIRONMENT = "beanstalk"
    ECS_OBJECTS = "ecs"


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples("sealane schema > sealane.schema.json", "sealane schema formation > formation.schema.json")
    app.command("schema", rich_help_panel=headings.ANYWHERE, epilog=more)(schema)


def schema(
    ctx: typer.Context,
    file: Annotated[FileKind, typer.Argument(help="Which file.")] = FileKind.PIPELINE,
) -> None:
    """Print the JSON Schema of a file, for editors.

    It is draft 2020-12 and accepts what Sealane itself accepts, as far as a schema can say it: `sealane validate` also
    checks what the parts of a file mean to each other.
    """
    from sealane.configfiles import schemas

    if file is FileKind.BEANSTALK_ENVIRONMENT:
        from sealane.destinations.elastic_beanstalk.environment_schema import ENVIRONMENT

        output.json(ENVIRONMENT)
    elif file is FileKind.ECS_OBJECTS:
        from sealane.destinations.ecs import fields_check

        output.json(fields_check.schema())
    else:
        output.json(schemas.schema(_model(file, options.tables(ctx))))


def _model(file: FileKind, adapters: Adapters) -> type:
    """The shape of one of Sealane's own files."""
    match file:
        case FileKind.PIPELINE:
            from sealane.pipelines.files import PipelineFile

            return PipelineFile
        case FileKind.FORMATION:
            from sealane.formations.files import formation_file

            return formation_file(adapters)
        case FileKind.ENVIRONMENT:
            from sealane.environments.files import environment_file

            return environment_file(adapters)
        case FileKind.PEOPLE:
            from sealane.environments.people import people_file

            return people_file(adapters)
        case FileKind.ACCESS:
            from sealane.environments.app_access import AccessFile

            return AccessFile
        case _:
            from sealane.environments.notice_files import notices_file

            return notices_file(adapters)
