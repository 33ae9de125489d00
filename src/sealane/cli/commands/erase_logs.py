"""`sealane erase-logs`: erases what a run printed."""

from __future__ import annotations

from typing import Annotated

import typer

from sealane.cli import headings, output


def erase_logs(run: Annotated[str, typer.Argument(help="The run's id.", show_default=False)]) -> None:
    """Erase what the steps of a run printed, and what its tests reported.

    For what should never have been printed, such as a secret that Sealane did not know. It is gone for good; who erased
    it stays in the audit. Change the secret all the same: it may have been read.
    """
    from sealane.cli.remote import connection

    connection.server().delete(f"/api/runs/{run}/logs")
    output.say(f"the logs of run {run} are erased; backups of the server may still have them")


def add_to(app: typer.Typer) -> None:
    """Adds `erase-logs`."""
    app.command("erase-logs", rich_help_panel=headings.SERVER, epilog=output.examples("sealane erase-logs r-12"))(
        erase_logs
    )
