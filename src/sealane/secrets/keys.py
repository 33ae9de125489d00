"""Keys that Sealane keeps in files of this machine: an age identity for each app, and the key of names.

    FOLDER/identities/APP.txt    as `age-keygen` writes it; several lines while an old one is still in use
    FOLDER/names.key             keys the hashes in names of Secrets and ConfigMaps

All are readable by their owner only. A server's folder is in its data; the command line's own is
`~/.local/share/sealane` (`XDG_DATA_HOME` moves it).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from sealane import paths
from sealane.clients import age
from sealane.errors import Unavailable, UsageError
from sealane.events.model import Event, EventKind

_NAMES = b"names of secrets and configuration"


def own_folder(variables: Mapping[str, str]) -> Path:
    """The folder the command line keeps its keys in; `variables` are those of the process."""
    data = variables.get("XDG_DATA_HOME")
    return paths.absolute(data or Path.home() / ".local" / "share") / "sealane"


def names_key(secret: str) -> bytes:
    """The key of names that follows from a server's one secret: the same on every machine that has the secret."""
    return hmac.new(secret.encode(), _NAMES, hashlib.sha256).digest()


def cache_key(key: bytes, app: str, registered: datetime, event: Event) -> str:
    """Marks layers and cache folders in an engine as those of an app and a line of its builds; nobody can guess another's.

    An app with the name of a removed one is another app. The lines are the trunk, tags, and all the rest: branches and
    requests, whose builds may write into a cache whatever they like, before anybody has reviewed them.
    """
    text = f"cache of {app}, registered {registered.isoformat()}{_line(event)}"
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()[:24]


def _line(event: Event) -> str:
    if event.kind is EventKind.TAG:
        return ", tags"
    on_trunk = event.kind is not EventKind.PULL_REQUEST and event.branch is not None and event.branch == event.trunk
    return "" if on_trunk else ", branches"


def own_names_key(folder: Path) -> bytes:
    """The key of names in the folder, created the first time."""
    return names_key(_kept(folder / "names.key", lambda: secrets.token_hex(32) + "\n").strip())


def identities(folder: Path, app: str) -> tuple[age.Identity, ...]:
    """The app's age identities in the folder; empty if it has none."""
    path = _identity_file(folder, app)
    try:
        return age.identities(path.read_text())
    except FileNotFoundError:
        return ()
    except UsageError as error:
        raise UsageError(f"{_shown(path)}: {error.message}", hint=error.hint) from error
    except OSError as error:
        raise Unavailable(f"can't read {_shown(path)}: {error.strerror}") from error


def own_identity(folder: Path, app: str) -> age.Identity:
    """The app's first age identity in the folder, created if it has none; people encrypt to its recipient."""

    def made() -> str:
        identity = age.new_identity()
        return f"# app: {app}\n# public key: {identity.recipient}\n{identity.secret}\n"

    path = _identity_file(folder, app)
    identities = age.identities(_kept(path, made))
    if not identities:
        raise UsageError(f"{_shown(path)} holds no identity", hint="remove it, and one is made")
    return identities[0]


def put_aside(folder: Path, app: str, word: str) -> None:
    """Keeps a removed app's identities away from the next app of its name. Fine if there are none."""
    path = _identity_file(folder, app)
    try:
        path.replace(path.with_name(f"{path.name}.{word}"))
    except FileNotFoundError:
        return
    except OSError as error:
        raise Unavailable(f"can't put {path} aside: {error.strerror}") from error


def _identity_file(folder: Path, app: str) -> Path:
    if not app or "/" in app or app.startswith("."):
        raise UsageError(f"no app is called {app!r}")
    return folder / "identities" / f"{app}.txt"


def _shown(path: Path) -> str:
    """The file without its folder: people of a server's apps read this, too."""
    return f"{path.parent.name}/{path.name}"


def _kept(path: Path, make: Callable[[], str]) -> str:
    """The file's content; a missing file is created, completely or not at all."""
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _make_once(path, make())
        return path.read_text()
    except OSError as error:
        raise Unavailable(f"can't keep {_shown(path)}: {error.strerror}") from error


def _make_once(path: Path, content: str) -> None:
    """Writes a temporary file first; the link fails if another process was faster, and then its file counts."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(content)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
