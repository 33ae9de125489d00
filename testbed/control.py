"""The control plane: etcd, kube-apiserver, kube-controller-manager and kube-scheduler."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from testbed import kubeconfigs
from testbed.access import ACCOUNT_USER
from testbed.kubectl import answer
from testbed.layout import (
    API_PORT,
    CONTROLLERS_PORT,
    ETCD_PEER_PORT,
    ETCD_PORT,
    LOOPBACK,
    NODE_ADDRESS,
    POD_RANGE,
    SCHEDULER_PORT,
    SERVICE_RANGE,
    Layout,
)
from testbed.probes import answers, answers_tls
from testbed.processes import Daemon

# Clients at their default of 20 requests a second would make ten thousand simulated pods take many minutes.
_FAST_CLIENT: Final = ("--kube-api-qps=1000", "--kube-api-burst=2000")


def write_files(layout: Layout) -> None:
    """Write the kubeconfigs of the control plane's own parts and the audit policy."""
    for name in ("controllers", "scheduler"):
        kubeconfigs.write(_kubeconfig(layout, name), kubeconfigs.with_certificate(layout, name))
    kubeconfigs.write(layout.admin_kubeconfig, kubeconfigs.with_certificate(layout, "admin"))
    layout.audit_log.parent.mkdir(parents=True, exist_ok=True)
    _audit_policy(layout).write_text(json.dumps(audit_rules(), indent=1))


def audit_rules() -> dict[str, object]:
    """What the audit log keeps: every word of Sealane's writes, the fact of everything else that people do."""
    writes = ["create", "update", "patch", "delete", "deletecollection"]
    return {
        "apiVersion": "audit.k8s.io/v1",
        "kind": "Policy",
        "omitStages": ["RequestReceived"],
        "rules": [
            {"level": "RequestResponse", "users": [ACCOUNT_USER], "verbs": writes},
            {"level": "Metadata", "users": [ACCOUNT_USER]},
            {"level": "None", "verbs": ["get", "list", "watch"]},
            {"level": "None", "resources": [{"group": "coordination.k8s.io", "resources": ["leases"]}]},
            {"level": "None", "resources": [{"group": "", "resources": ["events"]}]},
            {"level": "None", "resources": [{"group": "events.k8s.io", "resources": ["events"]}]},
            {"level": "Metadata"},
        ],
    }


def etcd(layout: Layout) -> Daemon:
    """The cluster's store, without fsync: a power cut may lose it, and `up` makes a new one."""
    peer = f"http://{LOOPBACK}:{layout.port(ETCD_PEER_PORT)}"
    argv = (
        "etcd",
        f"--data-dir={layout.run / 'etcd'}",
        "--unsafe-no-fsync",
        f"--quota-backend-bytes={4 << 30}",
        "--auto-compaction-mode=periodic",
        "--auto-compaction-retention=10m",
        f"--listen-client-urls={_etcd(layout)}",
        f"--advertise-client-urls={_etcd(layout)}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
    )
    return Daemon(name="etcd", argv=argv, ready=lambda: answers(f"{_etcd(layout)}/health"))


def api_server(layout: Layout) -> Daemon:
    """The API server, with an audit log and certificates all around."""
    of = layout.certificates
    argv = (
        layout.bin / "kube-apiserver",
        f"--etcd-servers={_etcd(layout)}",
        "--bind-address=0.0.0.0",
        f"--advertise-address={NODE_ADDRESS}",
        f"--secure-port={layout.port(API_PORT)}",
        f"--cert-dir={of}",
        f"--tls-cert-file={of / 'apiserver.crt'}",
        f"--tls-private-key-file={of / 'apiserver.key'}",
        f"--client-ca-file={of / 'ca.crt'}",
        f"--kubelet-certificate-authority={of / 'ca.crt'}",
        f"--kubelet-client-certificate={of / 'apiserver-kubelet.crt'}",
        f"--kubelet-client-key={of / 'apiserver-kubelet.key'}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--requestheader-client-ca-file={of / 'ca.crt'}",
        "--requestheader-allowed-names=front-proxy",
        "--requestheader-username-headers=X-Remote-User",
        "--requestheader-group-headers=X-Remote-Group",
        "--requestheader-extra-headers-prefix=X-Remote-Extra-",
        f"--proxy-client-cert-file={of / 'front-proxy.crt'}",
        f"--proxy-client-key-file={of / 'front-proxy.key'}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={of / 'accounts.key'}",
        f"--service-account-signing-key-file={of / 'accounts.key'}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
        "--allow-privileged=true",
        f"--audit-policy-file={_audit_policy(layout)}",
        f"--audit-log-path={layout.audit_log}",
        # Each line is in the file before the answer is out, so a test may read it right after its call.
        "--audit-log-mode=blocking",
        "--shutdown-delay-duration=0s",
    )
    return Daemon(name="kube-apiserver", argv=argv, ready=lambda: api_ready(layout))


def controllers(layout: Layout) -> Daemon:
    """All controllers, each under its own account."""
    of = layout.certificates
    argv = (
        layout.bin / "kube-controller-manager",
        f"--kubeconfig={_kubeconfig(layout, 'controllers')}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={layout.port(CONTROLLERS_PORT)}",
        f"--cert-dir={layout.run / 'controllers'}",
        f"--root-ca-file={of / 'ca.crt'}",
        f"--service-account-private-key-file={of / 'accounts.key'}",
        f"--cluster-signing-cert-file={of / 'ca.crt'}",
        f"--cluster-signing-key-file={of / 'ca.key'}",
        f"--cluster-cidr={POD_RANGE}",
        "--use-service-account-credentials=true",
        "--leader-elect=false",
        # The one node is not given up when the whole machine stood still for a while.
        "--node-monitor-grace-period=5m",
        *_FAST_CLIENT,
    )
    return Daemon(name="kube-controller-manager", argv=argv, ready=lambda: answers_tls(layout.port(CONTROLLERS_PORT)))


def scheduler(layout: Layout) -> Daemon:
    """The scheduler."""
    argv = (
        layout.bin / "kube-scheduler",
        f"--kubeconfig={_kubeconfig(layout, 'scheduler')}",
        f"--bind-address={LOOPBACK}",
        f"--secure-port={layout.port(SCHEDULER_PORT)}",
        f"--cert-dir={layout.run / 'scheduler'}",
        "--leader-elect=false",
        *_FAST_CLIENT,
    )
    return Daemon(name="kube-scheduler", argv=argv, ready=lambda: answers_tls(layout.port(SCHEDULER_PORT)))


def api_ready(layout: Layout) -> bool:
    """Say whether the API server calls itself ready."""
    return answer(layout, "get", "--raw=/readyz") is not None


def _etcd(layout: Layout) -> str:
    return f"http://{LOOPBACK}:{layout.port(ETCD_PORT)}"


def _kubeconfig(layout: Layout, name: str) -> Path:
    return layout.kubeconfigs / f"{name}.kubeconfig"


def _audit_policy(layout: Layout) -> Path:
    return layout.audit_log.with_name("policy.json")
