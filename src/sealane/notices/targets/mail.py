"""Mail: one message, as text and HTML, each time something happens; messages about one thing form a thread."""

from __future__ import annotations

import html
from collections.abc import Iterator
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Annotated, Any, Literal

from pydantic import Field

from sealane.clients.notices import mail
from sealane.configfiles.documents import Document, Path
from sealane.configfiles.fields import File, Matching, Maybe
from sealane.egress import Allowlist
from sealane.findings import Finding
from sealane.notices import text
from sealane.notices.model import Notice, Tone
from sealane.notices.port import PartlyTold, Reference, TargetAdapter, TargetContext, Telling, Threads
from sealane.pipelines.notices import Reference as SecretReference

_PORTS = {"starttls": 587, "tls": 465, "none": 25}
_COLORS = {
    Tone.GOOD: "#1a7f4b",
    Tone.BAD: "#b3261e",
    Tone.WAITS: "#8a6100",
    Tone.GOING: "#1f5fbf",
    Tone.OVER: "#5f6672",
}

MailAddress = Annotated[
    str,
    Matching(pattern=r"[^\s@<>,;]+@[^\s@<>,;]+", expected="an address such as team@example.com", longest=254),
]
ServerName = Annotated[
    str,
    Matching(
        pattern=r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?",
        expected="a mail server such as mail.example.com or mail.example.com:587",
        hint=lambda text: f"leave out {text.split('://', 1)[0]}://" if "://" in text else None,
    ),
]


class MailFile(File):
    """Addresses that get mail."""

    server: ServerName
    """The mail server that takes it: mail.example.com, or with a port mail.example.com:2525."""
    security: Literal["starttls", "tls", "none"] = "starttls"
    """How the connection is encrypted: starttls (port 587), tls (465), or none (25)."""
    user: Maybe[Annotated[str, Field(min_length=1, max_length=256)]] = None
    """Who signs in; nobody when left out."""
    password: Maybe[SecretReference] = None
    """A reference to the password."""
    sender: MailAddress
    """The address it comes from."""
    to: Annotated[list[MailAddress], Field(min_length=1, max_length=100)]
    """The addresses that get it."""


class MailTarget:
    """Addresses behind one mail server."""

    def __init__(
        self, server: mail.Server, sender: str, to: tuple[str, ...], *, allowed: Allowlist, threads: Threads
    ) -> None:
        self._server, self._sender, self._to = server, sender, to
        self._allowed, self._threads = allowed, threads

    async def tell(self, telling: Telling) -> Reference:
        """Sends a message; later messages about a thing answer its first. Raises Unavailable, Refused, PartlyTold."""
        message = written(telling, self._sender, self._to)
        try:
            await self._threads.run(lambda: mail.send(self._server, message, self._to, allowed=self._allowed))
        except mail.PartlySent as error:
            raise PartlyTold(error.message) from None
        return {"first": telling.reference.get("first") or message["Message-ID"]}


def written(telling: Telling, sender: str, to: tuple[str, ...]) -> EmailMessage:
    """The message. Pure. Its id comes from the telling's id, so that a second copy is recognised."""
    notice = telling.notice
    message = EmailMessage()
    message["From"], message["To"] = sender, ", ".join(to)
    message["Subject"] = "".join(letter if letter.isprintable() else " " for letter in " ".join(notice.title.split()))
    message["Date"] = format_datetime(telling.at)
    message["Message-ID"] = f"<{telling.id}@{sender.partition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: prevents automatic replies
    if first := telling.reference.get("first"):
        message["In-Reply-To"] = message["References"] = first
    message.set_content(f"{notice.title}\n\n{text.body(telling)}\n")
    message.add_alternative("\n".join(_html(notice, telling)) + "\n", subtype="html")
    return message


def _html(notice: Notice, telling: Telling) -> Iterator[str]:
    escape = html.escape
    yield '<div style="font:15px/1.45 system-ui,sans-serif;color:#1c1c1c;max-width:44em">'
    yield f'<p style="border-left:4px solid {_COLORS[notice.tone]};padding-left:10px;font-weight:600">{escape(notice.title)}</p>'
    if notice.text:
        yield f"<p>{escape(notice.text)}</p>"
    if len(telling.fresh) > 1:
        lines = "".join(f"<li>{entry.at:%H:%M:%S} UTC &nbsp; {escape(entry.text)}</li>" for entry in telling.fresh)
        yield f"<ul>{lines}</ul>"
    if notice.facts:
        cells = "".join(
            f'<tr><td style="color:#5c5c5c;padding-right:14px">{escape(name)}</td><td>{escape(value)}</td></tr>'
            for name, value in notice.facts
        )
        yield f"<table>{cells}</table>"
    if notice.log:
        lines = escape("\n".join(notice.log))
        yield f"<p>The last lines of {escape(notice.log_of)}:</p>"
        yield f'<pre style="background:#f4f4f4;padding:10px;white-space:pre-wrap">{lines}</pre>'
    if notice.links:
        links = " · ".join(f'<a href="{escape(link.url)}">{escape(link.words)}</a>' for link in notice.links)
        yield f"<p>{links}</p>"
    yield "</div>"


def _problems(file: Any, document: Document, path: Path) -> list[Finding]:
    findings = []
    if file.password and not file.user:
        place = document.key_place((*path, "password"))
        findings.append(Finding(message="a password needs who signs in with it", place=place, hint="add user:"))
    if file.password and file.security == "none":
        place = document.place((*path, "security"))
        hint = "starttls and tls encrypt it"
        findings.append(Finding(message="the password would go to the server in clear", place=place, hint=hint))
    return findings


def _parts(file: MailFile) -> tuple[str, int]:
    host, _, port = file.server.rpartition(":") if not file.server.endswith("]") else (file.server, "", "")
    if not host:
        host, port = file.server, ""
    return host, int(port) if port else _PORTS[file.security]


def _open(context: TargetContext) -> MailTarget:
    file: MailFile = context.written
    host, port = _parts(file)
    password = context.secrets[file.password] if file.password else None
    server = mail.Server(host=host.strip("[]"), port=port, security=file.security, user=file.user, password=password)
    return MailTarget(server, file.sender, tuple(file.to), allowed=context.allowed, threads=context.threads)


def _hosts(file: MailFile) -> tuple[str, ...]:
    host, port = _parts(file)
    return (f"{host}:{port}",)


ADAPTER = TargetAdapter(
    file=MailFile,
    problems=_problems,
    open=_open,
    secrets=lambda file: (file.password,) if file.password else (),
    hosts=_hosts,
)
