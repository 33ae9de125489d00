"""Measures what the peers need for a release whose image does not exist, side by side, with their own defaults.

Takes about 10 minutes, nearly all of it the peers' own waiting. Needs helm: `python3 -m testbed peers` builds it.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import cluster, machine, peers
from bench.demo import places
from testbed import golang
from testbed.layout import Layout
from testbed.record import Bed

Measured = dict[str, float]


def main() -> int:
    """Measures all of them at once and writes the file of today."""
    here = cluster.bed()
    works: tuple[Callable[[Bed], Measured], ...] = (_helm, _kubectl)
    with ThreadPoolExecutor() as pool:
        seconds: Measured = {}
        for each in [pool.submit(work, here) for work in works]:
            seconds |= each.result()
    today = datetime.now(UTC).date().isoformat()
    told = {"day": today, "machine": machine.describe(here), "seconds": seconds}
    (peers.FOLDER / f"{today}.json").write_text(json.dumps(told, indent=2) + "\n")
    print(json.dumps(seconds, indent=2))
    return 0


def _helm(here: Bed) -> Measured:
    """`helm upgrade --atomic --wait`: one command that judges and goes back; its time is both."""
    helm = golang.path_of(Layout.from_environment(), golang.PEERS[0])
    if not helm.exists():
        raise places.Broke("helm is not built: `python3 -m testbed peers` builds it")
    with cluster.namespace(here) as namespace, TemporaryDirectory() as folder:
        chart = Path(folder) / "web"
        (chart / "templates").mkdir(parents=True)
        (chart / "Chart.yaml").write_text("apiVersion: v2\nname: web\nversion: 0.1.0\n")
        words = (str(helm), "--kubeconfig", here.admin_kubeconfig, "--namespace", namespace)

        def write(image: str) -> None:
            (chart / "templates" / "web.yaml").write_text(json.dumps(cluster.deployment(image)))

        write(here.busybox_image)
        places.run(*words, "install", "--wait", "web", str(chart))
        write(cluster.missing(here.busybox_image))
        took = _failing(*words, "upgrade", "--atomic", "--wait", "web", str(chart))
    return {"helm upgrade --atomic --wait": took}


def _kubectl(here: Bed) -> Measured:
    """`kubectl rollout status` says no; a person then goes back with `kubectl rollout undo`."""
    with cluster.namespace(here) as namespace:
        place = f"--namespace={namespace}"

        def apply(image: str) -> None:
            cluster.kubectl(here, place, "apply", "-f", "-", given=json.dumps(cluster.deployment(image)))

        apply(here.busybox_image)
        cluster.kubectl(here, place, "rollout", "status", "deployment/web")
        begun = time.monotonic()
        apply(cluster.missing(here.busybox_image))
        words = (here.kubectl, f"--kubeconfig={here.admin_kubeconfig}", place)
        _failing(*words, "rollout", "status", "deployment/web")
        judged = time.monotonic() - begun
        cluster.kubectl(here, place, "rollout", "undo", "deployment/web")
        cluster.kubectl(here, place, "rollout", "status", "deployment/web")
        restored = time.monotonic() - begun
    return {
        "kubectl rollout status": round(judged, 2),
        "kubectl rollout status, then undo at once": round(restored, 2),
    }


def _failing(*words: str) -> float:
    """Seconds until a command says that it failed. Raises places.Broke when it says that all is well."""
    begun = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode == 0:
        raise places.Broke(f"{' '.join(words[-5:])} found nothing wrong:\n{done.stdout[-1000:]}")
    print(f"{Path(words[0]).name}: {done.stderr.strip()[-300:]}", file=sys.stderr)
    return round(time.monotonic() - begun, 2)


if __name__ == "__main__":
    sys.exit(main())
