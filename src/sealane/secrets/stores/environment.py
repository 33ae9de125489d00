"""Secrets from variables of Sealane's own environment, with the app's name in theirs.

`env:DATABASE_URL` of the app `web-shop` is `SEALANE_SECRET_WEB_SHOP__DATABASE_URL`. Two underscores separate app and
name, and neither may contain two, so that no app can name a variable of another one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from sealane.errors import UsageError
from sealane.secrets.port import BadReference, Reference, SecretMissing, StoreAdapter, StoreContext

PREFIX = "SEALANE_SECRET_"
_VARIABLE = r"[A-Z](?:_?[A-Z0-9])*"


class EnvironmentStore:
    """One app's variables in a process's environment, usually `os.environ`."""

    def __init__(self, app: str, variables: Mapping[str, str]) -> None:
        if "--" in app:
            raise UsageError(f"secrets of the environment can't be named for {app}", hint="a name without -- can")
        self.app = app
        self.variables = variables

    @staticmethod
    def parse(rest: str) -> Reference:
        if not re.fullmatch(_VARIABLE, rest):
            message = "after env: comes a name of capital letters, digits and single underscores"
            raise BadReference(message, "it reads like env:DATABASE_URL")
        return Reference("env", rest)

    def variable(self, name: str) -> str:
        """The variable that holds the app's secret of that name."""
        return f"{PREFIX}{self.app.replace('-', '_').upper()}__{name}"

    async def check(self, reference: Reference) -> str | None:
        variable = self.variable(reference.name)
        return None if self.variables.get(variable) else f"the variable {variable} is not set"

    async def read(self, reference: Reference) -> bytes:
        reason = await self.check(reference)
        if reason:
            raise SecretMissing(reason, hint="set it where Sealane runs")
        return self.variables[self.variable(reference.name)].encode("utf-8", "surrogateescape")


def _open(context: StoreContext) -> EnvironmentStore:
    return EnvironmentStore(context.app, context.variables)


ADAPTER = StoreAdapter(pattern=_VARIABLE, parse=EnvironmentStore.parse, open=_open)
