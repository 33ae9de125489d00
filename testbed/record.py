"""`bed.json`: every address of a running bed, for tests and people."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from testbed.errors import BedError
from testbed.golang import KUBECTL, path_of
from testbed.layout import BUSYBOX_IMAGE, NODE_ADDRESS, PYTHON_IMAGE, REGISTRY, Layout
from testbed.postgres import URL


@dataclass(frozen=True, kw_only=True)
class Bed:
    """What a running bed offers."""

    home: str
    admin_kubeconfig: str
    sealane_kubeconfig: str
    """Sealane's own account: it may deploy where a namespace binds `sealane-deployer` to it."""
    kubectl: str
    bin: str
    """A folder with the programs that were built."""
    registry: str
    engine_socket: str
    docker_host: str
    postgres_url: str
    busybox_image: str
    python_image: str
    audit_log: str | None
    """None where the cluster is someone else's."""
    node_address: str | None
    """The address under which pods reach the host, and the host reaches node ports."""
    own_cluster: bool

    def write(self, path: Path) -> None:
        """Write all of it at once, so that a reader sees everything or nothing."""
        path.with_suffix(".new").write_text(json.dumps(asdict(self), indent=1) + "\n")
        path.with_suffix(".new").replace(path)

    def variables(self) -> dict[str, str]:
        """What a shell is told by `python3 -m testbed env`."""
        known = {f"SEALANE_BED_{name.upper()}": str(value) for name, value in asdict(self).items() if value is not None}
        return known | {"KUBECONFIG": self.admin_kubeconfig, "DOCKER_HOST": self.docker_host}


def describe(layout: Layout) -> Bed:
    """What the bed of `layout` offers once it is up."""
    own = layout.other_cluster is None
    return Bed(
        home=str(layout.home),
        admin_kubeconfig=str(layout.admin_kubeconfig),
        sealane_kubeconfig=str(layout.sealane_kubeconfig),
        kubectl=str(path_of(layout, KUBECTL)),
        bin=str(layout.bin),
        registry=REGISTRY,
        engine_socket=str(layout.engine_socket),
        docker_host=f"unix://{layout.engine_socket}",
        postgres_url=URL,
        busybox_image=BUSYBOX_IMAGE,
        python_image=PYTHON_IMAGE,
        audit_log=str(layout.audit_log) if own else None,
        node_address=NODE_ADDRESS if own else None,
        own_cluster=own,
    )


def read(path: Path) -> Bed:
    """The bed that `path` describes."""
    try:
        return Bed(**json.loads(path.read_text()))
    except FileNotFoundError as error:
        raise BedError("the bed is not up; `python3 -m testbed up` starts it") from error
    except (ValueError, TypeError) as error:
        raise BedError(f"{path} is not whole; `python3 -m testbed up` repairs it") from error
