"""The formations' ledgers in the simulated destination's state."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from sealane import errors, typed_data
from sealane.destinations import model
from sealane.destinations.dummy import state as states


class Ledgers:
    """Reads and writes ledgers, each under its namespace, app and formation."""

    def __init__(self, state: states.State) -> None:
        self._state = state

    def read(self, app: str, formation: str, *, namespace: str) -> model.Ledger:
        """The ledger; empty if there is none yet."""
        stored = self._state.read().ledgers.get(f"{namespace}/{app}/{formation}")
        if stored is None:
            return model.Ledger()
        return replace(typed_data.from_json(stored.content, model.Ledger), version=str(stored.version))

    def places(self, app: str, formation: str) -> tuple[str, ...]:
        """The namespaces with a ledger of the formation."""
        known = (name.partition("/") for name in self._state.read().ledgers)
        return tuple(namespace for namespace, _, of in known if of == f"{app}/{formation}")

    def write(self, ledger: model.Ledger, app: str, formation: str, *, namespace: str) -> model.Ledger:
        """Writes it if its version is still current, and returns it with the new one."""
        with self._state.write() as content:
            name = f"{namespace}/{app}/{formation}"
            stored = content.ledgers.get(name)
            if (str(stored.version) if stored else None) != ledger.version:
                raise errors.Conflicting(f"another deployment of {app}/{formation} is under way", hint="wait for it")
            version = content.next()
            text = msgspec.json.encode(replace(ledger, reserve=0)).decode()
            content.ledgers[name] = states.KeptLedger(content=text, version=version)
        return replace(ledger, version=str(version), reserve=0)
