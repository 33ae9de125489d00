"""Asking a cluster with kubectl."""

from __future__ import annotations

import os
from pathlib import Path

from testbed.commands import run
from testbed.errors import BedError
from testbed.layout import Layout


def kubectl(
    layout: Layout, *words: str, kubeconfig: Path | None = None, given: str | None = None, within: float = 60
) -> str:
    """Return what `kubectl WORDS` prints, as the cluster's administrator unless `kubeconfig` is another's."""
    argv: list[str | Path] = [layout.bin / "kubectl", f"--kubeconfig={kubeconfig or layout.admin_kubeconfig}", *words]
    # What it learns about this cluster is of no use to the next, and a root's files in a user's home are none to him.
    return run(argv, given=given, env={**os.environ, "KUBECACHEDIR": str(layout.run / "tmp" / "kube")}, within=within)


def answer(layout: Layout, *words: str, kubeconfig: Path | None = None) -> str | None:
    """What `kubectl WORDS` prints, or None when it fails in whatever way."""
    try:
        return kubectl(layout, *words, kubeconfig=kubeconfig, within=10)
    except BedError:
        return None
