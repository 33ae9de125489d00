"""`sealane validate`: shows all findings in a repository's files at once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sealane import errors, findings
from sealane.cli import headings, options, output

if TYPE_CHECKING:
    from sealane.adapters import Adapters
    from sealane.repository_check import CheckReport


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples("sealane validate", "sealane validate apps/shop", "sealane validate --json .sealane.yml")
    app.command("validate", rich_help_panel=headings.ANYWHERE, epilog=more)(validate)


def validate(
    ctx: typer.Context,
    path: Annotated[
        Path, typer.Argument(help="A repository's folder, or one file.", show_default=False, parser=options.path)
    ] = Path(),
    as_json: output.Json = False,
) -> None:
    """Check .sealane.yml, formations, stencils and environments.

    Prints every finding with file, line and column, and ends with 2 if one of them is an error. Needs no server, no
    cluster and no container engine.
    """
    checked = _check(path, options.tables(ctx))
    if as_json:
        output.json(_plain(checked))
    else:
        output.findings(checked.findings)
        output.say(_summary(checked), "green" if checked.valid else "red")
    if not checked.valid:
        raise typer.Exit(errors.UsageError.exit_code)


def _check(path: Path, adapters: Adapters) -> CheckReport:
    import os

    from sealane import repository_check
    from sealane.clients import git_bases, helm
    from sealane.configfiles import trees
    from sealane.pipelines import pipeline_files

    if path.is_file():
        beside = pipeline_files.gather(trees.FolderTree(path.parent), adapters, prefix=_prefix(path.parent))
        try:
            return repository_check.check_text(path.read_text("utf-8-sig"), str(path), adapters, beside=beside)
        except UnicodeDecodeError as error:
            raise errors.InvalidFiles([findings.not_utf8(error, str(path))]) from error
        except OSError as error:
            raise errors.UsageError(f"{path} can't be read: {error.strerror}") from error
    if not path.is_dir():
        raise errors.NotThere(f"there is no {path}")
    above = [trees.FolderTree(folder) for folder in _above(path.resolve())]
    by = repository_check.Rendering(helm=helm.of(os.environ), bases=git_bases.of(os.environ))
    checked = repository_check.check(trees.FolderTree(path), above, adapters, by=by)
    if not checked.files:
        raise errors.NotThere(f"nothing of Sealane's is in {path.resolve()}", hint=_beginning(path))
    return _below(path, checked)


def _prefix(folder: Path) -> str:
    """What stands before a file's name in findings."""
    return "" if folder == Path() else f"{folder}/"


def _beginning(path: Path) -> str:
    """The hint for an empty folder: go to one of the repository's apps, or begin one."""
    from sealane.pipelines.reading import FILE

    apps = sorted(file.parent for pattern in (f"*/{FILE}", f"*/*/{FILE}") for file in path.glob(pattern))
    return f"an app is below: `sealane validate {apps[0]}`" if apps else "`sealane init` writes a beginning"


def _above(folder: Path) -> list[Path]:
    """The folders up to the repository's root; none when it is the root itself, or in no repository."""
    from sealane.runners import repositories

    root = repositories.find(folder).root
    return [parent for parent in folder.parents if root is not None and parent.is_relative_to(root)]


def _below(folder: Path, checked: CheckReport) -> CheckReport:
    """Names files relative to where the command runs, so that a click in a terminal opens them."""
    import os
    from dataclasses import replace

    def seen(file: str) -> str:
        return os.path.normpath(folder / file)

    problems = tuple(
        replace(finding, place=replace(finding.place, file=seen(finding.place.file))) for finding in checked.findings
    )
    return replace(checked, files=tuple(seen(file) for file in checked.files), findings=problems)


def _summary(checked: CheckReport) -> str:
    looked = f"{len(checked.files)} file{'s' if len(checked.files) != 1 else ''}"
    wrong = len(findings.errors(checked.findings))
    warnings = len(checked.findings) - wrong
    counts = [f"{count} {word}{'s' if count != 1 else ''}" for count, word in ((wrong, "error"), (warnings, "warning"))]
    counted = [text for text in counts if not text.startswith("0 ")]
    return f"{looked}: {', '.join(counted)}" if counted else f"{looked}: nothing wrong"


def _plain(checked: CheckReport) -> dict[str, Any]:
    return {
        "valid": checked.valid,
        "files": checked.files,
        "findings": [output.plain(finding) for finding in checked.findings],
    }
