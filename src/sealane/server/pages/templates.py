"""Templates and static files: render views as pages."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import jinja2
import markupsafe
from starlette.responses import HTMLResponse

from sealane import clock, controls, inputs
from sealane.server.pages import chart_views, text

FOLDER = Path(__file__).parent
STATIC = FOLDER / "static"
_COMMAND = re.compile(r"sealane (?:(?!, |; | and | or |\.? \(|\.(?: |$)|\)).)+")
"""A command in a sentence, up to the rest of the sentence."""
_OPTION = re.compile(r"--[a-z-]+")
"""An option of a command; browsers would break the line behind its first hyphen."""


def page(name: str, shown: Mapping[str, Any], *, status: int = 200) -> HTMLResponse:
    """One page; browsers and proxies never cache it, because it shows the current state."""
    text = environment().get_template(name).render(**shown)
    return HTMLResponse(text, status_code=status, headers={"Cache-Control": "no-store"})


@functools.cache
def static(name: str) -> str:
    """The address of a static file; it changes with its content, so browsers may cache it for ever."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?{digest}"


def commands(text: str) -> markupsafe.Markup:
    """A sentence with its commands marked up as commands."""
    shown, parts, at = str(_shown(text)), [], 0
    for match in _COMMAND.finditer(shown):
        parts += [
            markupsafe.escape(shown[at : match.start()]),
            markupsafe.Markup("<code>{}</code>").format(_command(match[0])),
        ]
        at = match.end()
    return markupsafe.Markup("").join([*parts, markupsafe.escape(shown[at:])])


def _command(hint: str) -> markupsafe.Markup:
    option = markupsafe.Markup('<span class="option">{}</span>')
    words = (option.format(word) if _OPTION.fullmatch(word) else word for word in hint.split(" "))
    return markupsafe.Markup(" ").join(words)


@functools.cache
def environment() -> jinja2.Environment:
    """All templates, with the filters that they use."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(FOLDER / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
    )
    made.globals["static"] = static
    made.globals["sizes"] = {"row": chart_views.ROW, "middle": chart_views.MIDDLE, "bar": chart_views.BAR}
    made.filters["ago"] = _ago
    made.filters["lasts"] = _lasts
    made.filters["commands"] = commands
    return made


def _shown(value: Any) -> Any:
    """Text for a page, without control characters from untrusted sources, and without any that change its direction."""
    return inputs.storable(controls.removed(value)) if type(value) is str else value


def _ago(at: datetime) -> str:
    return text.ago((clock.now() - at).total_seconds())


def _lasts(since: datetime) -> str:
    return text.duration((clock.now() - since).total_seconds())
