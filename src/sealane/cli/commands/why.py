"""`sealane why`: why something failed, or does not proceed; from a server, or from a formation's ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sealane.cli import headings, options, output

if TYPE_CHECKING:
    from sealane.deployments.ledger_history import History, LedgerRecord


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples("sealane why production", "sealane why shop/production", "sealane why d-12 --json")
    app.command("why", rich_help_panel=headings.ANYWHERE, epilog=more)(why)


def why(
    ctx: typer.Context,
    what: Annotated[
        str,
        typer.Argument(
            help="A formation of this folder, or anything the server knows: an app, app/formation, a run's or deployment's id.",
            show_default=False,
            autocompletion=options.anything,
        ),
    ],
    *,
    folder: options.Folder = Path(),
    config: options.Config = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    app: options.App = None,
    as_json: output.Json = False,
) -> None:
    """Say why something failed, or why it does not move.

    The cause comes first, then the evidence as it was before anything was rolled back or cleaned up.
    """
    from sealane.cli.local import formation_location

    adapters = options.tables(ctx)
    what = formation_location.meant(what, folder, adapters)
    if what not in formation_location.names(folder):
        from sealane.cli.remote import client

        with formation_location.or_served(what, folder):
            client.why(what, as_json=as_json)
        return
    import asyncio

    from sealane.cli.local import ledger

    project = formation_location.formation(what, folder, adapters, app=app)
    _, where = formation_location.destination(project, config=config, kubeconfig=kubeconfig, context=context)
    history = asyncio.run(ledger.history(project, where))
    if as_json:
        output.json(
            {
                "last": history.last,
                "there": history.there,
                "failure_report": history.failure_report,
                "second_failure_report": history.second_failure_report,
            }
        )
    else:
        _show(f"{project.app}/{what}", history)


def _show(label: str, history: History) -> None:
    from sealane.cli.screens import evidence_lines, rollout_messages
    from sealane.verdicts.messages import causes
    from sealane.verdicts.model import VerdictKind

    last = history.last
    if last is None:
        output.sentence(f"Nothing was deployed to {label} from a command line yet.")
        return
    if last.verdict is None:
        output.sentence(
            f"#{last.sequence} has been on its way to {label} since {last.started:%Y-%m-%d %H:%M:%S} UTC, "
            f"started by {last.by}; the command that deploys it shows what it waits for."
        )
        return
    kind = last.verdict.kind
    word = output.style(rollout_messages.verdict_word(kind), "bold", rollout_messages.COLOURS[kind])
    output.sentence(f"{word}  {last.verdict.reason}")
    if sentence := rollout_messages.log_sentence(last.verdict.cause):
        output.sentence(f"  {sentence}")
    if last.note and kind is not VerdictKind.ROLLED_BACK:  # the reason says it
        output.sentence(f"  {causes.sentences(last.note)}")
    output.sentence(_there(label, history, last))
    if last.verdict.cause:
        evidence_lines.evidence(history.failure_report, history.second_failure_report)


def _there(label: str, history: History, last: LedgerRecord) -> str:
    """What is there now, in one sentence."""
    from sealane.deployments import messages

    there = history.there
    if there is None:
        return f"  Nothing was verified at {label} yet."
    if there is last:
        return f"  It is what is there now, revision {messages.short(there.revision)}."
    return f"  What is there now is #{there.sequence}, revision {messages.short(there.revision)}."
