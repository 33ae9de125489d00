"""References to secrets: `scheme:rest`, which a formation has instead of a value. Pure.

The table of stores defines the schemes, and each store the text after its own. Each secret has only one spelling, so
that the operators' permissions can be compared as text.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from sealane.adapters import SHIPPED, Adapters
from sealane.findings import did_you_mean
from sealane.secrets.port import BadReference, Reference, StoreAdapter

_ELSEWHERE = {"aws", "azure", "file", "google", "sops", "vault"}
"""Words that messages may show: schemes that people know from other tools. Any other word may be part of a value."""

_LONGEST = 512


@dataclass(frozen=True, slots=True)
class ReferenceField:
    """Marks a text of a file as a reference. Checked during reading, so that no message shows a possible value."""

    adapters: Adapters = SHIPPED

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """For editors: the formats of the table's stores."""
        return handler(schema) | {"maxLength": _LONGEST, "pattern": f"^(?:{pattern(self.adapters)})$(?!\\n)"}


def pattern(adapters: Adapters = SHIPPED) -> str:
    """The pattern of all references, for editors; `parse` reports what is wrong with others."""
    stores = adapters.secret_stores.every(StoreAdapter)
    return "|".join(f"{scheme}:{store.pattern}" for scheme, store in stores.items())


def parse(text: str, adapters: Adapters = SHIPPED) -> Reference:
    """Reads a reference. Raises `BadReference`; its message contains at most a known scheme and a path.

    People who write a value in place of a reference must not find it in a log.
    """
    scheme, rest = split(text, adapters)
    return adapters.secret_stores.get(scheme, StoreAdapter).parse(rest)


def split(text: str, adapters: Adapters = SHIPPED) -> tuple[str, str]:
    """The scheme, which must be known, and the text after its colon. Raises BadReference, like `parse`."""
    scheme, colon, rest = text.partition(":")
    if not colon or len(text) > _LONGEST:
        raise BadReference("this is no reference to a secret", "it reads like env:DATABASE_URL, never the value itself")
    if scheme not in adapters.secret_stores.keys:
        shown = f"called {scheme} here" if scheme in _ELSEWHERE else "of that name"
        raise BadReference(f"there is no store of secrets {shown}", did_you_mean(scheme, adapters.secret_stores.keys))
    return scheme, rest


def problem(text: str, adapters: Adapters = SHIPPED) -> tuple[str, str] | None:
    """Why the text is not a reference and how to fix it, or None if it is one."""
    try:
        parse(text, adapters)
    except BadReference as error:
        return str(error), error.hint
    return None


def looks_like(text: str, adapters: Adapters = SHIPPED) -> bool:
    """Whether a text of the configuration was probably meant as a reference."""
    return text.partition(":")[0] in adapters.secret_stores.keys and " " not in text and "\n" not in text


def in_commit(texts: Iterable[str], adapters: Adapters = SHIPPED) -> bool:
    """Whether one of the references is for a file of the repository."""
    schemes = {text.partition(":")[0] for text in texts} & set(adapters.secret_stores.keys)
    return any(adapters.secret_stores.get(scheme, StoreAdapter).in_commit for scheme in schemes)
