"""The server that the command line uses: from SEALANE_URL and SEALANE_TOKEN, else from `sealane login`."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from sealane.errors import UsageError

if TYPE_CHECKING:
    from sealane.clients.server import Server

_HINT = "sealane login URL, or set SEALANE_URL and SEALANE_TOKEN"


def stored_in() -> Path:
    """The file `sealane login` writes, readable by its owner only."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "sealane" / "login.json"


def store(url: str, token: str) -> Path:
    """Remembers a server and its token."""
    path = stored_in()
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    making = path.with_suffix(".making")
    making.touch(mode=0o600)
    making.chmod(0o600)
    making.write_text(json.dumps({"url": url, "token": token}) + "\n")
    making.replace(path)
    return path


def known() -> bool:
    """Whether a server is known."""
    return _found() is not None


def server(*, patience: float | None = None) -> Server:
    """The server; `patience` is how many seconds to wait for an answer. Raises UsageError when none is known."""
    from sealane.clients.server import Server

    location = _found()
    if location is None:
        raise UsageError("this command asks a server, and none is known", hint=_HINT)
    return Server(*location, patience=patience)


def _found() -> tuple[str, str] | None:
    url, token = os.environ.get("SEALANE_URL"), os.environ.get("SEALANE_TOKEN")
    if url and token:
        return url, token
    if url or token:
        missing, there = ("SEALANE_TOKEN", "SEALANE_URL") if url else ("SEALANE_URL", "SEALANE_TOKEN")
        raise UsageError(f"{missing} is not set, and {there} is", hint=_HINT)
    path = stored_in()
    try:
        stored = json.loads(path.read_text())
        return str(stored["url"]), str(stored["token"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{path} can't be read", hint="sealane login URL writes it anew") from error
