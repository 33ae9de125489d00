"""Whatever the library apprise knows: Teams, Mattermost, Discord, ntfy, Telegram, PagerDuty and the rest."""

from __future__ import annotations

import re
from functools import partial

from sealane.clients.notices import apprise
from sealane.configfiles.fields import File
from sealane.notices import text
from sealane.notices.model import Tone
from sealane.notices.port import Reference, TargetAdapter, TargetContext, Telling, Threads
from sealane.pipelines.notices import Reference as SecretReference
from sealane.secrets.masking import Masker

_MENTION = re.compile(r"(?<!\w)@(?=[\w&!])|<(?=[!@#])")
_TONES: dict[Tone, apprise.Tone] = {
    Tone.GOING: "info",
    Tone.GOOD: "success",
    Tone.WAITS: "warning",
    Tone.BAD: "failure",
    Tone.OVER: "info",
}


class AppriseFile(File):
    """A service that the library apprise knows."""

    address: SecretReference
    """A reference to its address, such as ntfys://ntfy.example.com/deploys: most addresses hold credentials."""


class AppriseTarget:
    """One service."""

    def __init__(self, address: str, threads: Threads) -> None:
        self._address, self._threads = address, threads

    async def tell(self, telling: Telling) -> Reference:
        """Sends a message. Raises Unavailable, UsageError for what is no address."""
        title, tone = unmentioned(telling.notice.title), _TONES[telling.notice.tone]
        try:
            await self._threads.run(lambda: apprise.send(self._address, title, partial(_body, telling), tone))
        except apprise.NotTaken as error:
            secret = (self._address, *self._address.partition("://")[2].replace("@", "/").split("/"))
            raise apprise.NotTaken(Masker.of(secret).whole(error.message)) from None
        return {}


def unmentioned(text_of_notice: str) -> str:
    """The text without mentions: services act on `@everyone`, `<@id>` or `<!channel>` anywhere in a text."""
    return _MENTION.sub(lambda mention: f"{mention[0]}\u200b", text_of_notice)


def _body(telling: Telling, most: int) -> str:
    body = unmentioned(text.body(telling, most))
    return body if len(body) <= most else unmentioned(text.body(telling, 2 * most - len(body)))


def _open(context: TargetContext) -> AppriseTarget:
    written: AppriseFile = context.written
    return AppriseTarget(context.secrets[written.address], context.threads)


ADAPTER = TargetAdapter(
    file=AppriseFile,
    open=_open,
    secrets=lambda written: (written.address,),
    hosts=lambda _: (),  # the library connects by itself, and only to what operators wrote
)
