"""The output of a formation: the choice of its source, and each line as shown. Pure."""

from __future__ import annotations

import html
import re
from urllib.parse import urlencode

from sealane.errors import NotThere
from sealane.records.app_view import AppView, FormationNow
from sealane.server.pages.app_views import LogPage


def page(view: AppView, formation: str, *, of: str, find: str, lines: int) -> LogPage:
    """The page; `of` is a workload or one of its instances, empty for all. Raises NotThere for an unknown formation."""
    now = next((formation_now for formation_now in view.formations if formation_now.row.formation == formation), None)
    if now is None:
        raise NotThere(f"{view.app.name} has no formation {formation}")
    known = dict(_choices(now))
    if of and of not in known:  # a pod that has gone, or was never listed
        known[of] = of.partition("/")[2]
    asked = urlencode({name: value for name, value in (("object", of), ("find", find)) if value})
    text = urlencode({name: value for name, value in (("object", of), ("find", find), ("tail", lines)) if value})
    return LogPage(
        app=view.app.name,
        formation=formation,
        of=of,
        find=find,
        choices=tuple(known.items()),
        stream=f"/apps/{view.app.name}/{formation}/logs/follow{f'?{asked}' if asked else ''}",
        text=f"/api/formations/{view.app.name}/{formation}/logs?{text}",
    )


def _choices(now: FormationNow) -> list[tuple[str, str]]:
    """The value that is sent, and its text."""
    seen = now.observation
    options = [("", "all of it")]
    for workload in seen.running if seen else ():
        options.append((workload.object, workload.object.replace("/", " ")))
        own = [instance for instance in seen.instances if instance.workload == workload.object] if seen else []
        options += [
            (instance.object, f"— {instance.object.partition('/')[2]}")
            for instance in own
            if instance.object != workload.object
        ]
    return options


def line(text_of_line: str, find: str) -> str:
    """One line as markup: its source first, with matches of the search marked."""
    source, _, words = text_of_line.partition("  ")
    return f'<span><span class="soft">{html.escape(source)}</span> {_marked(words, find)}</span>'


def own_line(words: str) -> str:
    """A line by Sealane itself."""
    return f'<span class="said">{html.escape(words)}</span>'


def _marked(words: str, find: str) -> str:
    if not find:
        return html.escape(words)
    parts = re.split(f"({re.escape(find)})", words, flags=re.IGNORECASE)
    return "".join(
        f"<mark>{html.escape(part)}</mark>" if at % 2 else html.escape(part) for at, part in enumerate(parts)
    )
