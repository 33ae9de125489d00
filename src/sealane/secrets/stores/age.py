"""Secrets from files in the repository, encrypted with age for the app's own recipient.

`age:deploy/secrets/production.age#DATABASE_URL` is an entry of that file. Each app has an identity of its own on the
server, so it can't decrypt a file copied from another app's repository. The file is read from the commit: the version
of a secret changes and rolls back together with the code that needs it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from sealane.clients import age
from sealane.errors import UsageError
from sealane.secrets import entries, keys
from sealane.secrets.port import BadReference, Reference, SecretMissing, StoreAdapter, StoreContext

_PATH = r"(?!/)(?!(?:[^#]*/)?\.{0,2}(?:/|#))[^\s#\\\x00]+"
_ENTRY = r"[A-Za-z_][A-Za-z0-9_.-]*"


class AgeStore:
    """Encrypted files of one commit of one app."""

    def __init__(self, read_file: Callable[[str], bytes], identities: Sequence[age.Identity]) -> None:
        """`read_file` returns a file of the repository by its path, or raises UsageError with the reason."""
        self.read_file = read_file
        self.identities = tuple(identities)

    @staticmethod
    def parse(rest: str) -> Reference:
        path, hash_, name = rest.partition("#")
        if not hash_ or not re.fullmatch(_ENTRY, name):
            message = "after age: come a file, # and the name of an entry in it"
            raise BadReference(message, "it reads like age:deploy/secrets/production.age#DATABASE_URL")
        if not re.fullmatch(f"{_PATH}#", f"{path}#"):
            message = "the file must be a plain path inside the repository"
            raise BadReference(message, "it starts at the repository's root, without / in front, . or ..")
        return Reference("age", name, path)

    async def check(self, reference: Reference) -> str | None:
        """Decrypts the file, the only way to learn its entries; the values are dropped."""
        try:
            await self.read(reference)
        except SecretMissing as missing:
            return missing.message
        return None

    async def read(self, reference: Reference) -> bytes:
        value = (await self._entries(reference.path)).get(reference.name)
        if not value:
            reason = "is empty" if value == "" else "is not there"
            raise SecretMissing(
                f"the entry {reference.name} of {reference.path} {reason}", hint="add it and encrypt anew"
            )
        return value.encode("utf-8", "surrogatepass")

    async def _entries(self, path: str) -> dict[str, str]:
        try:
            content = self.read_file(path)
        except UsageError as problem:
            raise SecretMissing(f"can't read {path}: {problem.message}") from None
        if not self.identities:
            raise SecretMissing(f"{path} can't be opened: there is no age identity for this app here")
        try:
            text = (await age.decrypt(content, self.identities)).decode()
            return entries.parse(text)
        except (age.NotForUs, age.NotEncrypted) as problem:
            ours = ", ".join(identity.recipient for identity in self.identities)
            raise SecretMissing(f"can't open {path}: {problem.message}", hint=f"encrypt it to {ours}") from None
        except UnicodeDecodeError:
            raise SecretMissing(f"what {path} holds is not UTF-8 text") from None
        except entries.Unreadable as problem:
            raise SecretMissing(f"what {path} holds can't be read: {problem}") from None


def _open(context: StoreContext) -> AgeStore:
    return AgeStore(context.read_file, keys.identities(context.identities, context.app))


ADAPTER = StoreAdapter(pattern=f"{_PATH}#{_ENTRY}", parse=AgeStore.parse, in_commit=True, open=_open)
