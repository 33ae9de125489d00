"""A folder with one formation of the small application, deployed from the command line without a server."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import cluster
from bench.demo import places
from testbed.record import Bed


@dataclass(frozen=True, kw_only=True, slots=True)
class Folder:
    """Written afresh for each deployment."""

    here: Bed
    path: Path
    namespace: str

    def deploy(self, *, image: str, note: str) -> dict[str, Any]:
        """What `sealane deploy --json` tells. Raises places.Broke when there was no verdict."""
        self.write(image, note)
        words = [str(places.SEALANE), "deploy", "dev", "-C", str(self.path), "--json"]
        words += ["--kubeconfig", self.here.sealane_kubeconfig]
        done = subprocess.run(words, capture_output=True, text=True, env=os.environ, check=False)
        if done.returncode not in {0, 1}:
            raise places.Broke(f"sealane deploy ended with {done.returncode}:\n{done.stderr[-2000:]}")
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def write(self, image: str, note: str) -> None:
        """The pipeline, the formation and the stencil."""
        formation = {
            "formation": "dev",
            "environment": "dev",
            "destination": "bed",
            "namespace": self.namespace,
            "strategy": {"rolling": {"max_unavailable": 0, "max_surge": 1}, "healthy_for": "0s"},
        }
        files = {
            ".sealane.yml": {"app": "bench", "owner": "bench", "deliver": [{"formation": "dev"}]},
            "deploy/formations/dev.yaml": formation,
            "deploy/stencils/web.yaml": cluster.deployment(image, note=note),
        }
        for name, document in files.items():
            path = self.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(document, indent=1))
