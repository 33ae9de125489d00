"""A metric sink that writes what it is told into a file, a line each."""

from __future__ import annotations

from pathlib import Path

from sealane.metric_sinks.port import SinkAdapter, SinkContext, SinkSettings, Telemetry


class FileSettings(SinkSettings):
    """The file."""

    file: Path
    """Where it is."""


class FileSink:
    """A file."""

    def __init__(self, settings: FileSettings, context: SinkContext) -> None:
        self._file = settings.file
        self._prefix = context.prefix

    async def send(self, told: Telemetry) -> None:
        """A line for each measurement. See the port."""
        lines = [
            f"{self._prefix}.{measurement.definition.name} {measurement.value:g}\n" for measurement in told.measurements
        ]
        with self._file.open("a") as file:
            file.writelines(lines)


ADAPTER = SinkAdapter(settings=FileSettings, open=FileSink)
