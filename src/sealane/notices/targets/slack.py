"""Slack: one message per thing, edited when it changes; new events and the log are replies in its thread."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from sealane.clients.notices import requests
from sealane.configfiles.fields import File, Matching
from sealane.egress import Allowlist
from sealane.errors import Refused, Unavailable
from sealane.notices.model import Notice, Tone
from sealane.notices.port import Reference, TargetAdapter, TargetContext, Telling
from sealane.notices.targets.webhook import host_of
from sealane.pipelines.notices import Address
from sealane.pipelines.notices import Reference as SecretReference

_COLORS = {
    Tone.GOOD: "#1a7f4b",
    Tone.BAD: "#b3261e",
    Tone.WAITS: "#c98a00",
    Tone.GOING: "#1f5fbf",
    Tone.OVER: "#8a919e",
}
_LATER = frozenset(
    {"ratelimited", "rate_limited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}
)
"""Temporary errors of the API (docs.slack.dev/reference/methods)."""
_GONE = frozenset({"message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"})
"""The message was removed, or can't be edited any more: a new one takes its place."""
_MOST = 2900
"""Characters of one section; Slack takes 3,000."""
_SHOWN = 12
"""Latest events shown in the message itself; its thread has all of them."""


class SlackFile(File):
    """A channel of Slack."""

    channel: Annotated[
        str,
        Matching(
            pattern=r"[CGD][A-Z0-9]{6,20}",
            expected="the id of a channel such as C024BE91L",
            hint=lambda _: "Slack shows it at the end of the channel's details; a name may change",
        ),
    ]
    """The channel's id."""
    token: SecretReference
    """A reference to the token of a bot that is in the channel, with the scope chat:write."""
    url: Address = "https://slack.com/api"
    """Where the API is."""


class SlackTarget:
    """One channel."""

    def __init__(self, file: SlackFile, token: str, allowed: Allowlist) -> None:
        self._file, self._token, self._allowed = file, token, allowed

    async def tell(self, telling: Telling) -> Reference:
        """Posts or edits the message, then replies to it with what is new. Raises Unavailable, Refused."""
        ts = await self._message(telling)
        if telling.reference or telling.notice.log:
            answer = "\n".join(_answer(telling))
            await self._ask("chat.postMessage", {"thread_ts": ts, "text": answer})
        return {"ts": ts}

    async def _message(self, telling: Telling) -> str:
        content = message(telling.notice)
        if ts := telling.reference.get("ts"):
            try:
                return str((await self._ask("chat.update", {"ts": ts, **content}))["ts"])
            except _Gone:
                pass
        return str((await self._ask("chat.postMessage", content))["ts"])

    async def _ask(self, method: str, what: Mapping[str, Any]) -> dict[str, Any]:
        body = json.dumps({"channel": self._file.channel, "unfurl_links": False, **what}).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "Authorization": f"Bearer {self._token}"}
        answer = await requests.send(f"{self._file.url}/{method}", body, allowed=self._allowed, headers=headers)
        document = answer.document
        if document.get("ok"):
            return document
        error = str(document.get("error") or "no JSON of Slack's")
        if error in _GONE:
            raise _Gone(f"Slack answers {error}")
        if error in _LATER:
            raise Unavailable(f"Slack answers {error}")
        raise Refused(f"Slack answers {error}", hint="docs.slack.dev/reference/methods tells what it means")


class _Gone(Refused):
    """The message can't be edited."""


def message(notice: Notice) -> dict[str, Any]:
    """The message: the title, the cause, what happened, facts and links. Pure."""
    parts = [f"*{_escaped(notice.title)}*", _escaped(notice.text)]
    if len(notice.entries) > 1:
        parts += [f"`{entry.at:%H:%M:%S}` {_escaped(entry.text)}" for entry in notice.entries[-_SHOWN:]]
    about = "  ·  ".join(f"{name} *{_escaped(value)}*" for name, value in notice.facts)
    links = "  ·  ".join(f"<{link.url}|{_escaped(link.words)}>" for link in notice.links)
    blocks: list[dict[str, Any]] = [{"type": "section", "text": _markdown("\n".join(part for part in parts if part))}]
    blocks += [{"type": "context", "elements": [_markdown(part)]} for part in (about, links) if part]
    return {"text": _escaped(notice.title), "attachments": [{"color": _COLORS[notice.tone], "blocks": blocks}]}


def _answer(telling: Telling) -> Iterator[str]:
    notice = telling.notice
    if telling.reference:
        yield from (f"`{entry.at:%H:%M:%S}` {_escaped(entry.text)}" for entry in telling.fresh)
        if notice.text:
            yield _escaped(notice.text)
    if notice.log:
        yield f"The last lines of {_escaped(notice.log_of)}:"
        lines = "\n".join(notice.log).replace("```", "'''")
        yield f"```{_escaped(lines[-_MOST:])}```"


def _markdown(text: str) -> dict[str, str]:
    return {"type": "mrkdwn", "text": text if len(text) <= _MOST else f"{text[:_MOST]}…"}


def _escaped(text: str) -> str:
    """Escaped for Slack, so that the text of a commit mentions nobody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _open(context: TargetContext) -> SlackTarget:
    written: SlackFile = context.written
    return SlackTarget(written, context.secrets[written.token], context.allowed)


ADAPTER = TargetAdapter(
    file=SlackFile,
    open=_open,
    secrets=lambda written: (written.token,),
    edits=True,
    hosts=lambda written: (host_of(written.url),),
)
