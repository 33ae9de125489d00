"""What the operators' files currently say: whether deployments may begin, and people's rights."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from sealane import clock
from sealane.adapters import SHIPPED, Adapters
from sealane.environments import app_access, config_folder, notice_files, windows
from sealane.environments.app_access import AppAccess
from sealane.environments.model import FOLDER, Environment
from sealane.environments.notice_files import NoticeConfig
from sealane.environments.people import People
from sealane.environments.windows import WindowStatus
from sealane.errors import InvalidFiles, SealaneError
from sealane.findings import Finding, errors

_log = logging.getLogger("sealane.server")
T = TypeVar("T")
_Stamp = tuple[tuple[str | int, ...], ...]


class Forecast:
    """Reads the files again only when one of them has changed. Safe to call from any thread."""

    def __init__(self, config: Path, *, now: clock.Clock = clock.now, adapters: Adapters = SHIPPED) -> None:
        """`config` is the folder that holds environments/."""
        self._config = config
        self._now = now
        self._adapters = adapters
        self._lock = threading.Lock()
        self._known: tuple[_Stamp, dict[str, Environment]] | None = None
        self._access: tuple[_Stamp, AppAccess] | None = None
        self._notices: tuple[_Stamp, NoticeConfig] | None = None
        self._told: _Stamp | None = None

    def outlook(self, app: str, environment: str) -> WindowStatus:
        """Whether the app's deployments may begin there. Unreadable or missing files keep it shut."""
        try:
            environments = self.environments()
        except SealaneError as error:
            return WindowStatus(open=False, reason=f"the operators' files can't be read: {error.message}")
        if environment not in environments:
            return WindowStatus(open=False, reason=f"there is no file for {environment} any more")
        return windows.outlook(environments[environment].windows, app, self._now())

    def glass_groups(self, environment: str) -> tuple[str, ...]:
        """The groups whose members may break the environment's glass. Raises SealaneError when files can't be read."""
        environment_file = self.environments().get(environment)
        return environment_file.windows.break_glass if environment_file else ()

    def production(self) -> frozenset[str]:
        """The environments that the operators call production; none while their files can't be read."""
        try:
            environments = self.environments()
        except SealaneError:
            return frozenset()
        return frozenset(name for name, environment in environments.items() if environment.production)

    def people(self) -> People:
        """The people in the operators' file; nobody without one. Raises SealaneError when it can't be read."""
        return config_folder.people(self._config, base=self._config, adapters=self._adapters)

    def access(self) -> AppAccess:
        """The rights in `access.yaml`; if it can't be read any more, its last readable content.

        Raises SealaneError when it never could be read.
        """
        with self._lock:
            stamp = self._stamp(app_access.FILE)
            if self._access is None or self._access[0] != stamp:
                self._access = stamp, self._read_access(self._access[1] if self._access else None)
            return self._access[1]

    def notices(self) -> NoticeConfig:
        """The content of `notices.yaml`; if it can't be read any more, its last readable content.

        Raises SealaneError when it never could be read.
        """
        with self._lock:
            stamp = self._stamp(notice_files.FILE)
            if self._notices is None or self._notices[0] != stamp:
                before = self._notices[1] if self._notices else None
                config = config_folder.gather_notices(self._config, base=self._config, adapters=self._adapters)
                self._notices = stamp, _known(notice_files.FILE, config, before)
            return self._notices[1]

    def _read_access(self, before: AppAccess | None) -> AppAccess:
        return _known(app_access.FILE, config_folder.gather_access(self._config, base=self._config), before)

    def asked(self) -> Mapping[str, Mapping[str, frozenset[str]]]:
        """By app and environment: the groups that operators name for approvals and to break the glass.

        Raises SealaneError when files can't be read.
        """
        groups: dict[str, dict[str, frozenset[str]]] = {}
        for environment in self.environments().values():
            for app, limits in environment.apps.items():
                asked = limits.approvals.by if limits.approvals else ()
                groups.setdefault(app, {})[environment.name] = frozenset({*asked, *environment.windows.break_glass})
        return groups

    def environments(self) -> dict[str, Environment]:
        """The operators' current environments. Raises InvalidFiles, NotThere, Unavailable."""
        with self._lock:
            stamp = self._stamp(FOLDER)
            if self._known is None or self._known[0] != stamp:
                environments, findings = config_folder.gather(self._config, base=self._config, adapters=self._adapters)
                if wrong := errors(findings):
                    self._tell(stamp, wrong)
                    raise InvalidFiles(wrong)
                self._known = stamp, environments
            return self._known[1]

    def _tell(self, stamp: _Stamp, wrong: Sequence[Finding]) -> None:
        """Logs a problem, once for each state of the files, with the full path; people see only the file's name."""
        if self._told != stamp:
            self._told = stamp
            _log.error("the operators' files in %s are wrong: %s", self._config, "; ".join(map(str, wrong)))

    def _stamp(self, name: str) -> _Stamp:
        """Metadata of the folder's files, or of the one file, which changes whenever their text does."""
        path = self._config / name
        try:
            files = sorted(path.iterdir()) if path.is_dir() else [path]
            stats = [(file.name, file.stat()) for file in files]
        except OSError:
            return ()
        return tuple((name, stat.st_ino, stat.st_ctime_ns, stat.st_mtime_ns, stat.st_size) for name, stat in stats)


def _known(file: str, read: tuple[T | None, list[Finding]], before: T | None) -> T:
    """The file's content, or its last readable one. Raises InvalidFiles if there is neither."""
    config, findings = read
    if config is not None:
        return config
    wrong = errors(findings) or findings
    if before is None:
        raise InvalidFiles(wrong)
    _log.error("%s is wrong, and what it said before holds: %s", file, "; ".join(map(str, wrong)))
    return before
