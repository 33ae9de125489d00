"""The certificate authorities for connections to a Sealane server."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi


def trusted() -> ssl.SSLContext:
    """The machine's authorities, or those of SSL_CERT_FILE and SSL_CERT_DIR; Mozilla's if there are none."""
    known = ssl.get_default_verify_paths()
    if known.cafile or (known.capath and any(Path(known.capath).iterdir())):
        return ssl.create_default_context()
    return ssl.create_default_context(cafile=certifi.where())
