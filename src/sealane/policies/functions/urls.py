"""URLs: `url('https://example.com/a').getHost()`. Pure: knows nothing about policies.

A URL is absolute, or a path from the root; nothing else is one.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

from sealane.clients.cel_functions import Function

URL = "kubernetes.URL"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"(?:[^@]*@)?(?:\[[0-9A-Fa-f:.%\w-]+\]|[^\[\]:\s<>\"\\^`{}|]*)(?::\d*)?")
_SAFE_IN_PATH = "/$&+,:;=@!'()*[]~-._"


def parse(text: str) -> str:
    """The text, if it is a URL; raises ValueError otherwise."""
    if problem := _problem(text):
        message = f'URL parse error during conversion from string: parse "{text}": {problem}'
        raise ValueError(message)
    return text


def is_url(text: str) -> bool:
    """Whether the text is a URL."""
    return _problem(text) is None


def _problem(text: str) -> str | None:
    if not text:
        return "empty url"
    if not text.startswith("/") and not _SCHEME.match(text):
        return "invalid URI for request"
    if _CONTROL.search(text) or _ESCAPE.search(text.partition("?")[0]):
        return "invalid control character or escape in URL"
    try:
        host = urlsplit(text).netloc
    except ValueError as error:
        return str(error)
    return None if _HOST.fullmatch(host) else "invalid character in host name"


def _host(text: str) -> str:
    return urlsplit(text).netloc.rpartition("@")[2]


def _hostname(text: str) -> str:
    host = _host(text)
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def _port(text: str) -> str:
    match = re.search(r":(\d+)$", _host(text))
    return match[1] if match else ""


def _escaped_path(text: str) -> str:
    """The path as it was written if that is a valid encoding, else with a new encoding."""
    path = _parts(text).path
    valid = not re.search(r"[^A-Za-z0-9%" + re.escape(_SAFE_IN_PATH) + "]", path)
    return path if valid else quote(unquote(path), safe="/$&+,:;=@~-._")


def _query(text: str) -> dict[str, list[str]]:
    return parse_qs(_parts(text).query, keep_blank_values=True)


def _parts(text: str) -> SplitResult:
    return urlsplit(text)


FUNCTIONS = (
    Function(name="url", parameters=("string",), result=URL, call=parse),
    Function(name="isURL", parameters=("string",), result="bool", call=is_url),
    Function(name="getScheme", parameters=(URL,), result="string", call=lambda text: _parts(text).scheme, member=True),
    Function(name="getHost", parameters=(URL,), result="string", call=_host, member=True),
    Function(name="getHostname", parameters=(URL,), result="string", call=_hostname, member=True),
    Function(name="getPort", parameters=(URL,), result="string", call=_port, member=True),
    Function(name="getEscapedPath", parameters=(URL,), result="string", call=_escaped_path, member=True),
    Function(name="getQuery", parameters=(URL,), result="map<string, list<string>>", call=_query, member=True),
)
