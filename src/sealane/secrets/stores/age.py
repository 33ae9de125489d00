"""Secrets from files in the repository, encrypted with age to the app's own recipient.

`age:deploy/secrets/production.age#DATABASE_URL` is an entry of that file. Each app has an identity of its own on the
server, so a file copied from another app's repository stays shut. The file is read as the commit has it: the version of
a secret moves and rolls back with the code that needs it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sealane.clients import age
from sealane.errors import UsageError
from sealane.secrets import entries
from sealane.secrets.port import SecretMissing
from sealane.secrets.references import Reference


class AgeStore:
    """Encrypted files of one commit of one app."""

    def __init__(self, read_file: Callable[[str], bytes], identities: Sequence[age.Identity]) -> None:
        """`read_file` gives a file of the repository by its path, or raises UsageError with the reason."""
        self.read_file = read_file
        self.identities = tuple(identities)

    async def check(self, reference: Reference) -> str | None:
        """Opens the file, which is the only way to learn what is in it; the values are dropped."""
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
                f"the entry {reference.name} of {reference.path} {reason}", mend="add it and encrypt anew"
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
            raise SecretMissing(f"can't open {path}: {problem.message}", mend=f"encrypt it to {ours}") from None
        except UnicodeDecodeError:
            raise SecretMissing(f"what {path} holds is not UTF-8 text") from None
        except entries.Unreadable as problem:
            raise SecretMissing(f"what {path} holds can't be read: {problem}") from None
