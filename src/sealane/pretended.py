"""What pretended containers print: text in which `$(NAME)`, or `$(NAME|hex)`, is a variable they were given. Pure."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import urllib.parse
from collections.abc import Callable, Mapping

ENCODERS: Mapping[str, Callable[[str], str]] = {
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "coloured": "\x1b[1m".join,
    "hex": lambda text: text.encode().hex(),
    "html": html.escape,
    "json": json.dumps,
    "lines": lambda text: base64.encodebytes(text.encode()).decode(),
    "repr": repr,
    "shell": shlex.quote,
    "url": urllib.parse.quote,
    "wide": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
}
_VARIABLE = re.compile(r"\$\((?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:\|(?P<encoder>[a-z0-9]+))?\)")


def said(text: str, variables: Mapping[str, str]) -> str:
    """The text with variables filled in; unknown ones stay as they are."""

    def put(match: re.Match[str]) -> str:
        name, encoder = match["name"], match["encoder"]
        if name not in variables or (encoder and encoder not in ENCODERS):
            return match[0]
        return ENCODERS[encoder](variables[name]) if encoder else variables[name]

    return _VARIABLE.sub(put, text)
