"""Where the bed's files lie, and every address and port it uses."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from testbed.errors import BedError

# Uncommon ports, all in one stretch apart from the registry's, whose number is part of image names.
REGISTRY_PORT: Final = 35000
POSTGRES_PORT: Final = 35432
ETCD_PORT: Final = 36379
ETCD_PEER_PORT: Final = 36380
API_PORT: Final = 36443
KUBELET_PORT: Final = 36250
KUBELET_HEALTH_PORT: Final = 36248
PROXY_METRICS_PORT: Final = 36249
PROXY_HEALTH_PORT: Final = 36256
CONTROLLERS_PORT: Final = 36257
SCHEDULER_PORT: Final = 36259
DNS_PORT: Final = 36053
DNS_READY_PORT: Final = 36181

SERVICE_PORTS: Final = {"registry": REGISTRY_PORT, "PostgreSQL": POSTGRES_PORT}
CLUSTER_PORTS: Final = {
    "etcd": ETCD_PORT,
    "etcd's peers": ETCD_PEER_PORT,
    "kube-apiserver": API_PORT,
    "kubelet": KUBELET_PORT,
    "kubelet's health": KUBELET_HEALTH_PORT,
    "kube-controller-manager": CONTROLLERS_PORT,
    "kube-scheduler": SCHEDULER_PORT,
    "kube-proxy's health": PROXY_HEALTH_PORT,
    "kube-proxy's metrics": PROXY_METRICS_PORT,
    "CoreDNS": DNS_PORT,
    "CoreDNS' readiness": DNS_READY_PORT,
}

LOOPBACK: Final = "127.0.0.1"
NODE_NAME: Final = "sealane-bed"
NODE_LINK: Final = "sealane-bed"
NODE_ADDRESS: Final = "10.183.0.1"
# Ranges that neither Docker, Podman nor the usual clusters and home networks take.
POD_RANGE: Final = "10.183.0.0/16"
SERVICE_RANGE: Final = "10.186.0.0/16"
DNS_SERVICE: Final = "10.186.0.10"
API_SERVICE: Final = "10.186.0.1"
ENGINE_RANGE: Final = "10.184.0.0/16"
ENGINE_MORE_RANGE: Final = "10.185.0.0/16"
DOCKER_RANGE: Final = "10.187.0.0/16"
ENGINE_LINK: Final = "sealane-eng"

REGISTRY: Final = f"localhost:{REGISTRY_PORT}"
BUSYBOX_IMAGE: Final = f"{REGISTRY}/base/busybox:1"
PYTHON_IMAGE: Final = f"{REGISTRY}/base/python:3.11"
PAUSE_IMAGE: Final = "localhost/pause:1"

# Sockets lie below the home, and the kernel takes 107 bytes for the path of one.
LONGEST_HOME: Final = 64


@dataclass(frozen=True, kw_only=True)
class Layout:
    """The folders of one bed: `run` holds one start and goes with it, `cache` holds what is built once."""

    home: Path
    cache: Path
    other_cluster: Path | None = None
    """A kubeconfig to use instead of a cluster of our own."""
    lifted: int = 0
    """How far above the bed's own its ports lie: a second control plane runs beside the bed."""

    @classmethod
    def from_environment(cls) -> Layout:
        """Read `SEALANE_TESTBED_HOME`, `SEALANE_TESTBED_CACHE` and `SEALANE_TEST_KUBECONFIG`."""
        xdg = os.environ.get("XDG_CACHE_HOME")
        default = (Path(xdg) if xdg else Path.home() / ".cache") / "sealane" / "testbed"
        home = Path(os.environ.get("SEALANE_TESTBED_HOME") or default).absolute()
        if len(os.fsencode(home)) > LONGEST_HOME:
            raise BedError(
                f"the bed's home {home} is longer than {LONGEST_HOME} bytes, too long for the sockets in it; "
                "set SEALANE_TESTBED_HOME to a shorter path"
            )
        other = os.environ.get("SEALANE_TEST_KUBECONFIG")
        return cls(
            home=home,
            cache=Path(os.environ.get("SEALANE_TESTBED_CACHE") or home / "cache").absolute(),
            other_cluster=Path(other).absolute() if other else None,
        )

    @property
    def tag(self) -> str:
        """Eight characters that tell this bed's cgroups and networks from another bed's."""
        return hashlib.sha256(os.fsencode(self.home)).hexdigest()[:8]

    def port(self, number: int) -> int:
        """Where this bed listens for what has that port in the bed itself."""
        return number + self.lifted

    @property
    def ports(self) -> dict[str, int]:
        """The ports of every part that this bed has."""
        return SERVICE_PORTS | (CLUSTER_PORTS if self.other_cluster is None else {})

    @property
    def run(self) -> Path:
        return self.home / "run"

    @property
    def record(self) -> Path:
        return self.home / "bed.json"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def sessions(self) -> Path:
        """Names the test sessions that use a bed which one of them started."""
        return self.run / "sessions"

    @property
    def processes(self) -> Path:
        return self.run / "processes"

    @property
    def logs(self) -> Path:
        return self.run / "log"

    @property
    def bin(self) -> Path:
        return self.run / "bin"

    @property
    def certificates(self) -> Path:
        return self.run / "certificates"

    @property
    def kubeconfigs(self) -> Path:
        return self.run / "kubeconfigs"

    @property
    def admin_kubeconfig(self) -> Path:
        return self.other_cluster or self.home / "admin.kubeconfig"

    @property
    def sealane_kubeconfig(self) -> Path:
        return self.home / "sealane.kubeconfig"

    @property
    def audit_log(self) -> Path:
        return self.run / "audit" / "audit.log"

    @property
    def engine(self) -> Path:
        return self.run / "engine"

    @property
    def engine_socket(self) -> Path:
        return self.engine / "engine.sock"

    @property
    def docker(self) -> Path:
        return self.run / "docker"

    @property
    def docker_socket(self) -> Path:
        return self.docker / "docker.sock"

    @property
    def docker_cgroup(self) -> str:
        """The cgroup of all containers of Docker's engine."""
        return f"sealane-docker-{self.tag}"

    @property
    def containerd(self) -> Path:
        return self.run / "containerd"

    @property
    def containerd_socket(self) -> Path:
        return self.containerd / "containerd.sock"

    @property
    def kubelet(self) -> Path:
        return self.run / "kubelet"

    @property
    def registry(self) -> Path:
        return self.run / "registry"

    @property
    def postgres(self) -> Path:
        return self.run / "postgres"

    @property
    def cgroup(self) -> str:
        """Kubelet's root cgroup."""
        return f"sealane-bed-{self.tag}"

    @property
    def pod_network(self) -> str:
        """The name of the pods' network, by which CNI's own files and rules are found again."""
        return f"sealane-bed-{self.tag}"
