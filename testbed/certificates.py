"""The cluster's certificate authority and the certificates that each part signs in with."""

from __future__ import annotations

from collections.abc import Sequence

from testbed.commands import run
from testbed.layout import API_SERVICE, LOOPBACK, NODE_ADDRESS, NODE_NAME, Layout

_DAYS = "3650"
_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")

API_NAMES = (
    f"IP:{LOOPBACK}",
    f"IP:{NODE_ADDRESS}",
    f"IP:{API_SERVICE}",
    "DNS:localhost",
    "DNS:kubernetes",
    "DNS:kubernetes.default",
    "DNS:kubernetes.default.svc",
    "DNS:kubernetes.default.svc.cluster.local",
)


def make_all(layout: Layout) -> None:
    """Write `ca.crt`, and a `.crt` and `.key` per part, below the bed's certificates folder."""
    folder = layout.certificates
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    run(["openssl", "req", "-x509", *_KEY, "-days", _DAYS, "-subj", "/CN=sealane-bed",
         "-keyout", folder / "ca.key", "-out", folder / "ca.crt"])  # fmt: skip
    run(["openssl", "genrsa", "-out", folder / "accounts.key", "2048"])
    _sign(layout, "apiserver", subject="/CN=kube-apiserver", names=API_NAMES)
    _sign(layout, "kubelet-server", subject=f"/CN={NODE_NAME}", names=[f"IP:{NODE_ADDRESS}", f"DNS:{NODE_NAME}"])
    _sign(layout, "admin", subject="/O=system:masters/CN=bed-admin")
    _sign(layout, "apiserver-kubelet", subject="/O=system:masters/CN=kube-apiserver-kubelet-client")
    _sign(layout, "front-proxy", subject="/CN=front-proxy")
    _sign(layout, "controllers", subject="/CN=system:kube-controller-manager")
    _sign(layout, "scheduler", subject="/CN=system:kube-scheduler")
    _sign(layout, "proxy", subject="/CN=system:kube-proxy")
    _sign(layout, "dns", subject="/CN=bed-dns")
    _sign(layout, "kubelet", subject=f"/O=system:nodes/CN=system:node:{NODE_NAME}")


def _sign(layout: Layout, name: str, *, subject: str, names: Sequence[str] = ()) -> None:
    folder = layout.certificates
    request = run(["openssl", "req", "-new", *_KEY, "-subj", subject, "-keyout", folder / f"{name}.key"])
    extensions = folder / f"{name}.ext"
    use = "serverAuth" if names else "clientAuth"
    alternatives = f"subjectAltName={','.join(names)}\n" if names else ""
    extensions.write_text(f"keyUsage=digitalSignature\nextendedKeyUsage={use}\n{alternatives}")
    run(["openssl", "x509", "-req", "-days", _DAYS, "-CA", folder / "ca.crt", "-CAkey", folder / "ca.key",
         "-CAcreateserial", "-extfile", extensions, "-out", folder / f"{name}.crt"], given=request)  # fmt: skip
