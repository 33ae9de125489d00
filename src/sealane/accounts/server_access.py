"""The server's sign-ins, as its settings say; and the way back in for people on its machine."""

from __future__ import annotations

import asyncio
import os
import socket
from datetime import timedelta
from pathlib import Path

from sealane import data_folder
from sealane.accounts.sign_in import Access, Scoping
from sealane.accounts.sign_in_attempts import AttemptLimits
from sealane.blobs.logs import Logs
from sealane.errors import UsageError
from sealane.settings.model import Settings
from sealane.store.all_stores import Store


def key(settings: Settings) -> str:
    """The server's key: from the settings or its data folder."""
    return settings.key.get_secret_value() if settings.key else data_folder.key(settings.data)


def access(settings: Settings, store: Store, *, key: str, scoped: Scoping | None = None) -> Access:
    """The users, tokens and sessions in the store."""
    limits = settings.access
    return Access(
        store,
        key=key.encode(),
        session=timedelta(hours=settings.http.session_hours),
        life=timedelta(days=limits.token_days) if limits.token_days else None,
        limits=AttemptLimits(per_address=limits.failures_per_address, per_token=limits.failures_per_token),
        scoped=scoped,
    )


async def restore_administrator(settings: Settings, name: str) -> str:
    """Makes a user an administrator and returns a new token. For people on the server's machine; works while it serves.

    The audit says who did it. Raises UsageError where there is no server's data, Unavailable, Conflicting.
    """
    await asyncio.to_thread(_check_there, settings)
    store = await Store.open(settings.store_url, logs=Logs(settings.logs))
    try:
        opened = access(settings, store, key=key(settings))
        return await opened.restore_administrator(name, by=f"user {os.getuid()} at {socket.gethostname()}")
    finally:
        await store.close()


def _check_there(settings: Settings) -> None:
    """Raises UsageError for a folder without a server's data, where a new database would be of no use."""
    path = settings.store_url.removeprefix("sqlite:///")
    if path != settings.store_url and not Path(path).is_file():
        hint = "name the server's folder with --data, or its database with --database"
        raise UsageError(f"there is no server's database at {path}", hint=hint)
