"""What configurations give to other formations, out of Sealane's records: no program runs, and no state is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sealane.destinations import model
from sealane.destinations.opentofu.folders import ConfigurationFolder
from sealane.destinations.outputs import Outputs, OutputSource


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedOutputs(OutputSource):
    """See the port."""

    root: Path

    def outputs(self, app: str, formation: str, *, namespace: str) -> tuple[Outputs, ...]:
        records = ConfigurationFolder.records(self.root, namespace)
        owned = (record for record in records if model.owner_of(record.labels) == f"{app}/{formation}")
        return tuple(record.outputs for record in owned if record.outputs is not None)
