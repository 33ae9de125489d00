"""Whether waiting deployments would still be admitted by the present operators' files and policies.

A deployment is checked when it is requested, and again right before it writes. In between, people are told which one
would be refused, so that nobody approves in vain.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from sealane import clock
from sealane.approvals import admission
from sealane.environments.window_status import Forecast
from sealane.errors import SealaneError
from sealane.records.deployments import Deployment
from sealane.stencils.model import Revision
from sealane.workflows.steps import policies

Stamp = tuple[tuple[str, int, int], ...]
"""Every file with its time and size."""
_KEPT = 1000
"""How many answers are cached: each is valid until a file or the day changes."""


class Readmission:
    """Checks again only when a file of the operators or the day has changed. May be called from any thread."""

    def __init__(self, config: Path, forecast: Forecast, *, now: clock.Clock = clock.now) -> None:
        """`config` is the folder of the operators' files, policies included."""
        self._config = config
        self._forecast = forecast
        self._now = now
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[object, ...], str] = OrderedDict()

    def round(self) -> Callable[[Deployment, Revision], str]:
        """Gives why a deployment would be refused now; empty when it would not, or the files can't be read.

        Valid for one round of questions: the files are read at the first one only.
        """
        stamp = functools.cache(self._stamp)
        return lambda deployment, revision: self._why(deployment, revision, stamp())

    def _why(self, deployment: Deployment, revision: Revision, stamp: Stamp) -> str:
        road = admission.road(deployment)
        key = (revision.id, road.automatic, self._now().date(), stamp)
        with self._lock:
            if key in self._known:
                return self._known[key]
        try:
            refused = self._refused(revision, road)
        except SealaneError:  # this keeps every window shut, and people are told so
            return ""
        with self._lock:
            self._known[key] = refused
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return refused

    def _refused(self, revision: Revision, road: admission.RevisionSource) -> str:
        environments = self._forecast.environments()
        environment = environments.get(revision.environment)
        decided = []
        if environment is not None and revision.app in environment.apps:
            decided = policies.standing(environment, revision, config=self._config, today=self._now().date())
        return admission.admit(environments, revision, decided, road).reason

    def _stamp(self) -> Stamp:
        """The stamp: it differs when a file was changed, added or removed."""
        try:
            files = [(str(path), path.stat()) for path in sorted(self._config.rglob("*"))]
        except OSError:
            return ()
        return tuple((name, stat.st_mtime_ns, stat.st_size) for name, stat in files)
