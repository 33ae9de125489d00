"""Forecasting: whether deployments may begin now, as the operators' files stand at the moment somebody asks."""

from __future__ import annotations

import threading
from pathlib import Path

from sealane import clock
from sealane.approvals import windows
from sealane.approvals.windows import Outlook
from sealane.environments import gathering
from sealane.environments.model import FOLDER, Environment
from sealane.environments.people import People
from sealane.errors import SealaneError
from sealane.findings import errors

_Stamp = tuple[tuple[str, int, int], ...]


class Forecast:
    """Looks at the files again only when one of them has changed. May be asked from any thread."""

    def __init__(self, config: Path, *, now: clock.Clock = clock.now) -> None:
        """`config` is the folder that holds environments/."""
        self._config = config
        self._now = now
        self._lock = threading.Lock()
        self._known: tuple[_Stamp, dict[str, Environment]] | None = None

    def outlook(self, app: str, environment: str) -> Outlook:
        """Whether the app's deployments may begin there. What can't be read, or is gone, keeps it shut."""
        try:
            found = self.environments()
        except SealaneError as error:
            return Outlook(open=False, reason=f"the operators' files can't be read: {error.message}")
        if environment not in found:
            return Outlook(open=False, reason=f"there is no file for {environment} any more")
        return windows.outlook(found[environment].windows, app, self._now())

    def glass_groups(self, environment: str) -> tuple[str, ...]:
        """The groups whose people may break the environment's glass. Raises SealaneError when files can't be read."""
        found = self.environments().get(environment)
        return found.windows.break_glass if found else ()

    def people(self) -> People:
        """Who is who, as the operators' file says; nobody without one. Raises SealaneError when it can't be read."""
        return gathering.people(self._config)

    def environments(self) -> dict[str, Environment]:
        """The operators' environments as their files stand now. Raises SealaneError when files can't be read."""
        with self._lock:
            stamp = self._stamp()
            if self._known is None or self._known[0] != stamp:
                environments, found = gathering.gather(self._config)
                if wrong := errors(found):
                    more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
                    raise SealaneError(f"{wrong[0]}{more}")
                self._known = stamp, environments
            return self._known[1]

    def _stamp(self) -> _Stamp:
        folder = self._config / FOLDER
        try:
            files = [(each.name, each.stat()) for each in sorted(folder.iterdir())]
        except OSError:
            return ()
        return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in files)
