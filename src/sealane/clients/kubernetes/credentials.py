"""Sign-in to a cluster: its address, its expected certificate, and the credentials to send.

The only importer of the official package, for `kubernetes.aio.config` alone: it handles tokens, client certificates,
exec plugins and OIDC correctly. It is imported when first needed (a third of a second) and run in a thread of its own,
because it reads files and keeps the certificates it unpacks in a process-wide table; those files are deleted at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import ssl
import tempfile
import threading
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sealane import clock
from sealane.clients.kubernetes import errors, kubeconfig_files, plain_credentials

SIGN_IN_SECONDS = 60.0
"""How long an exec plugin or an identity provider may take."""
REREAD = timedelta(seconds=60)
"""How often to read a token file again: the cluster replaces service account tokens about hourly."""
EARLY = timedelta(seconds=60)
"""How long before its expiry a credential is renewed."""
_one_at_a_time = threading.Lock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The source of the sign-in: a kubeconfig (the usual places when None) or the pod's own service account."""

    kubeconfig: Path | None = None
    context: str | None = None
    in_cluster: bool = False
    called: str = ""
    """Name of the kubeconfig in errors, for readers who should not see its path; empty: its path."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignIn:
    """Everything a request needs. `repr` shows no credential."""

    server: str
    authorization: str | None
    tls: ssl.SSLContext | None
    fingerprint: str
    server_name: str | None = None
    proxy: str | None = None
    renew_at: datetime | None = None

    def __repr__(self) -> str:
        return f"SignIn(server={self.server!r})"


def in_a_pod() -> bool:
    """Whether this process runs in a pod of a cluster."""
    return "KUBERNETES_SERVICE_HOST" in os.environ


def files(source: Source) -> tuple[tuple[int, ...] | None, ...]:
    """Device, inode, size and time of each kubeconfig file: they change when somebody rewrites it."""
    if source.in_cluster:
        return ()
    return tuple(map(kubeconfig_files.state, kubeconfig_files.paths(source.kubeconfig)))


async def sign_in(source: Source) -> SignIn:
    """Reads the credentials, running a plugin if the kubeconfig says so.

    Raises NoSignIn when there is no usable kubeconfig, context or credential; the message says which.
    """
    return await asyncio.to_thread(_sign_in, source)


def keep_tls(fresh: SignIn, tls: ssl.SSLContext | None) -> SignIn:
    """The fresh sign-in with the old TLS context, so that open connections stay usable."""
    return replace(fresh, tls=tls)


def _sign_in(source: Source) -> SignIn:
    return _plain(source) or _by_library(source)


def _plain(source: Source) -> SignIn | None:
    """The sign-in of a simple kubeconfig, read without the library."""
    paths = kubeconfig_files.paths(source.kubeconfig)
    if source.in_cluster or len(paths) != 1:
        return None
    plain = plain_credentials.read(paths[0], source.context)
    if plain is None:
        return None
    return SignIn(
        server=plain.server,
        authorization=f"Bearer {plain.token}" if plain.token else None,
        tls=plain.tls,
        fingerprint=plain.fingerprint,
        server_name=plain.server_name,
    )


def _by_library(source: Source) -> SignIn:
    from kubernetes.aio import client
    from kubernetes.aio import config as untyped
    from kubernetes.aio.config import kube_config

    config: Any = untyped
    settings: Any = client.Configuration()
    settings.host = ""
    settings.api_key = {}
    listening = _Listening()
    library: Any = kube_config
    logger = logging.getLogger(library.__name__)
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="sealane-") as folder:
        logger.addHandler(listening)
        try:
            if source.in_cluster:
                config.load_incluster_config(settings, try_refresh_token=False)
                return _as_sign_in(settings, clock.now() + REREAD)
            loader = asyncio.run(_load(config, settings, source, folder))
            _check_plugin(loader, settings, listening)
            return _as_sign_in(settings, _renewal(loader))
        except TimeoutError as error:
            message = f"signing in took longer than {SIGN_IN_SECONDS:.0f} s"
            raise errors.NoSignIn(message, hint="does the kubeconfig's plugin wait for someone to type?") from error
        except errors.NoSignIn:
            raise
        except Exception as error:  # the library raises anything that its parts raise
            words = _without_paths(_one_line(error), source)
            raise errors.NoSignIn(f"cannot sign in to the cluster: {words}", hint=_where(source)) from error
        finally:
            logger.removeHandler(listening)
            library._cleanup_temp_files()  # noqa: SLF001 - otherwise, keys stay in files until the process ends


async def _load(config: Any, settings: Any, source: Source, folder: str) -> Any:
    paths = kubeconfig_files.paths(source.kubeconfig)
    kubeconfig_files.check(paths, context=source.context, called=source.called)
    async with asyncio.timeout(SIGN_IN_SECONDS):
        return await config.load_kube_config(
            config_file=os.pathsep.join(map(str, paths)),
            context=source.context,
            client_configuration=settings,
            persist_config=False,
            temp_file_path=folder,
        )


def _check_plugin(loader: Any, settings: Any, listening: _Listening) -> None:
    """Raises for a failing plugin: the library only logs it and continues, which ends in a puzzling 403."""
    if "exec" in (_user(loader) or {}) and not settings.api_key and not settings.cert_file:
        reason = "; ".join(listening.messages) or "it printed neither a token nor a certificate"
        raise errors.NoSignIn(f"the kubeconfig's exec plugin gave no credentials: {reason[:500]}")


def _user(loader: Any) -> dict[str, Any] | None:
    user = getattr(loader, "_user", None)
    return None if user is None else user.value


def _renewal(loader: Any) -> datetime | None:
    expiry: datetime | None = getattr(loader, "exec_plugin_expiry", None)
    if expiry is not None:
        return expiry - EARLY
    user = _user(loader) or {}
    return clock.now() + REREAD if "tokenFile" in user or "auth-provider" in user else None


def _as_sign_in(settings: Any, renew_at: datetime | None) -> SignIn:
    tls = _tls(settings) if settings.host.startswith("https") else None
    return SignIn(
        server=settings.host.rstrip("/"),
        authorization=settings.api_key.get("BearerToken"),
        tls=tls,
        fingerprint=_fingerprint(settings),
        server_name=settings.tls_server_name,
        proxy=settings.proxy,
        renew_at=renew_at,
    )


def _tls(settings: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=settings.ssl_ca_cert)
    context.verify_flags &= (
        ~ssl.VERIFY_X509_STRICT
    )  # clusters' own authorities often lack a key identifier; kubectl accepts that
    if settings.cert_file:
        context.load_cert_chain(settings.cert_file, settings.key_file)
    if not settings.verify_ssl:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _fingerprint(settings: Any) -> str:
    """Changes with the TLS material: connections are kept while it stays the same."""
    digest = hashlib.sha256(f"{settings.host} {settings.verify_ssl}".encode())
    for name in (settings.ssl_ca_cert, settings.cert_file, settings.key_file):
        digest.update(Path(name).read_bytes() if name else b"-")
    return digest.hexdigest()


def _where(source: Source) -> str:
    if source.in_cluster:
        return "in-cluster sign-in works only inside a pod with a service account"
    context = f", context {source.context}" if source.context else ""
    if source.called:
        return f"{source.called}{context}"
    return f"kubeconfig {', '.join(map(str, kubeconfig_files.paths(source.kubeconfig)))}{context}"


def _without_paths(text: str, source: Source) -> str:
    """The library's message, without the path of a kubeconfig that has another name for readers."""
    if not source.called:
        return text
    for path in kubeconfig_files.paths(source.kubeconfig):
        text = text.replace(str(path), source.called).replace(str(path.parent), "…")
    return text


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:500] or type(error).__name__


class _Listening(logging.Handler):
    """Collects messages that the library only logs."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(" ".join(record.getMessage().split()))
