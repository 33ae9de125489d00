"""The one node: containerd, kubelet and kube-proxy."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from testbed import cgroups, kubeconfigs, network
from testbed.commands import run, succeeds
from testbed.kubectl import answer
from testbed.layout import (
    DNS_SERVICE,
    KUBELET_HEALTH_PORT,
    KUBELET_PORT,
    LOOPBACK,
    NODE_ADDRESS,
    NODE_NAME,
    PAUSE_IMAGE,
    POD_RANGE,
    PROXY_HEALTH_PORT,
    PROXY_METRICS_PORT,
    REGISTRY,
    REGISTRY_PORT,
    Layout,
)
from testbed.packages import CNI_PLUGINS
from testbed.probes import answers
from testbed.processes import Daemon

_MOST_PODS: Final = 250


def write_files(layout: Layout) -> None:
    """Write what the node's daemons read, and make kubelet's root cgroup."""
    network.write_pod_network(layout)
    _containerd_config(layout).write_text(_containerd_toml(layout))
    registry = layout.containerd / "registries" / REGISTRY
    registry.mkdir(parents=True, exist_ok=True)
    address = f"http://{LOOPBACK}:{REGISTRY_PORT}"
    (registry / "hosts.toml").write_text(f'server = "{address}"\n[host."{address}"]\n')
    for name in ("kubelet", "proxy"):
        kubeconfigs.write(_kubeconfig(layout, name), kubeconfigs.with_certificate(layout, name))
    layout.kubelet.mkdir(parents=True, exist_ok=True)
    _config(layout, "kubelet").write_text(json.dumps(_kubelet_settings(layout), indent=1))
    _config(layout, "proxy").write_text(json.dumps(_proxy_settings(layout), indent=1))
    cgroups.make(layout)


def containerd(layout: Layout) -> Daemon:
    """The container runtime of the pods, with every path of its own below the bed's home."""
    return Daemon(
        name="containerd",
        argv=("containerd", "--config", _containerd_config(layout)),
        ready=lambda: succeeds([*ctr(layout), "version"], within=10),
    )


def kubelet(layout: Layout) -> Daemon:
    """The node's agent."""
    argv = (
        layout.bin / "kubelet",
        f"--config={_config(layout, 'kubelet')}",
        f"--kubeconfig={_kubeconfig(layout, 'kubelet')}",
        f"--hostname-override={NODE_NAME}",
        f"--node-ip={NODE_ADDRESS}",
        f"--root-dir={layout.kubelet}",
        f"--cert-dir={layout.kubelet / 'certificates'}",
    )
    return Daemon(name="kubelet", argv=argv, ready=lambda: answers(f"http://{LOOPBACK}:{KUBELET_HEALTH_PORT}/healthz"))


def proxy(layout: Layout) -> Daemon:
    """The services' addresses, as nftables rules."""
    argv = (layout.bin / "kube-proxy", f"--config={_config(layout, 'proxy')}")
    return Daemon(name="kube-proxy", argv=argv, ready=lambda: answers(f"http://{LOOPBACK}:{PROXY_HEALTH_PORT}/healthz"))


def node_ready(layout: Layout) -> bool:
    """Say whether the node takes pods, and the default account that pods need is there."""
    condition = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
    return (
        answer(layout, "get", "serviceaccount", "default") is not None
        and answer(layout, "get", "node", NODE_NAME, f"--output={condition}") == "True"
    )


def ctr(layout: Layout) -> list[str]:
    """The start of a command to containerd, in kubelet's namespace."""
    return ["ctr", "--address", str(layout.containerd_socket), "--namespace", "k8s.io"]


def import_image(layout: Layout, archive: Path) -> None:
    """Put the image of `archive` among the node's."""
    run([*ctr(layout), "images", "import", archive])


def _containerd_toml(layout: Layout) -> str:
    of = layout.containerd
    cri = 'plugins."io.containerd.grpc.v1.cri"'
    return f"""\
version = 2
root = {_text(of / "root")}
state = {_text(of / "state")}
[grpc]
  address = {_text(layout.containerd_socket)}
[plugins."io.containerd.internal.v1.opt"]
  path = {_text(of / "opt")}
[{cri}]
  sandbox_image = "{PAUSE_IMAGE}"
  # Below the state folder, not in /run/netns, so that a crash leaves nothing that can't be told apart.
  netns_mounts_under_state_dir = true
  # Lowering a score takes CAP_SYS_RESOURCE, which a container or a small virtual machine may lack.
  restrict_oom_score_adj = true
  disable_apparmor = true
  stream_server_address = "{LOOPBACK}"
  [{cri}.cni]
    bin_dir = {_text(CNI_PLUGINS)}
    conf_dir = {_text(of / "cni")}
  [{cri}.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [{cri}.containerd.runtimes.runc.options]
      Root = {_text(of / "runc")}
  [{cri}.registry]
    config_path = {_text(of / "registries")}
"""


def _kubelet_settings(layout: Layout) -> dict[str, object]:
    of = layout.certificates
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "port": KUBELET_PORT,
        "healthzPort": KUBELET_HEALTH_PORT,
        "readOnlyPort": 0,
        "tlsCertFile": str(of / "kubelet-server.crt"),
        "tlsPrivateKeyFile": str(of / "kubelet-server.key"),
        "authentication": {
            "anonymous": {"enabled": False},
            "webhook": {"enabled": True},
            "x509": {"clientCAFile": str(of / "ca.crt")},
        },
        "authorization": {"mode": "Webhook"},
        "containerRuntimeEndpoint": f"unix://{layout.containerd_socket}",
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": f"/{layout.cgroup}",
        "failCgroupV1": False,
        "failSwapOn": False,
        # Go on where a kernel setting or an OOM score may not be changed.
        "featureGates": {"KubeletInUserNamespace": True},
        "oomScoreAdj": 0,
        "enforceNodeAllocatable": ["pods"],
        "localStorageCapacityIsolation": False,
        "clusterDNS": [DNS_SERVICE],
        "clusterDomain": "cluster.local",
        "podLogsDir": str(layout.run / "pods"),
        # They would be left in iptables, which nothing here uses.
        "makeIPTablesUtilChains": False,
        "volumePluginDir": str(layout.kubelet / "volume-plugins"),
        "maxPods": _MOST_PODS,
        # A developer's disk is often nearly full; that is no reason to evict pods or delete images.
        "evictionHard": {"memory.available": "100Mi", "nodefs.available": "1%", "imagefs.available": "1%"},
        "imageGCHighThresholdPercent": 100,
        "serializeImagePulls": False,
        "registryPullQPS": 0,
        "eventRecordQPS": 500,  # 0 would mean client-go's default of 5 a second: events would come minutes late
        "eventBurst": 1000,
        "kubeAPIQPS": 500,
        "kubeAPIBurst": 1000,
    }


def _proxy_settings(layout: Layout) -> dict[str, object]:
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "mode": "nftables",
        "clientConnection": {"kubeconfig": str(_kubeconfig(layout, "proxy"))},
        "clusterCIDR": POD_RANGE,
        "hostnameOverride": NODE_NAME,
        "healthzBindAddress": f"{LOOPBACK}:{PROXY_HEALTH_PORT}",
        "metricsBindAddress": f"{LOOPBACK}:{PROXY_METRICS_PORT}",
        # The size of the connection table is the host's business.
        "conntrack": {"maxPerCore": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        "nftables": {"minSyncPeriod": "100ms"},
    }


def _text(value: Path) -> str:
    return json.dumps(str(value))


def _containerd_config(layout: Layout) -> Path:
    return layout.containerd / "config.toml"


def _config(layout: Layout, name: str) -> Path:
    return layout.run / f"{name}.json"


def _kubeconfig(layout: Layout, name: str) -> Path:
    return layout.kubeconfigs / f"{name}.kubeconfig"
