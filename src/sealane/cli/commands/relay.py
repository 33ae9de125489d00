"""`sealane relay`: the relay itself, and what operators do with relays on a server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sealane.cli import headings, options, output
from sealane.cli.remote import connection

if TYPE_CHECKING:
    from sealane.clients.relay.dialer import ServerAddress

Name = Annotated[str, typer.Argument(help="The relay's name, as destinations name it: {relay: NAME}.")]


def relay(
    ctx: typer.Context,
    server: Annotated[
        str | None, typer.Option(help="The server's address.", envvar="SEALANE_URL", metavar="URL")
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="The file that holds the relay's token; SEALANE_TOKEN when left out.",
            parser=options.path,
            metavar="<path>",
        ),
    ] = None,
    kubeconfig: Annotated[
        Path | None,
        typer.Option(
            help="A kubeconfig; when left out the pod's own account, and outside a pod what kubectl would use.",
            parser=options.path,
            metavar="<path>",
        ),
    ] = None,
    context: Annotated[str | None, typer.Option(help="The context in the kubeconfig.")] = None,
) -> None:
    """Run a relay beside a cluster that the server can't reach: it dials out and carries the server's calls.

    Without a further word it runs until it is ended. What it may do in the cluster is what its account may.
    """
    if ctx.invoked_subcommand is not None:
        return
    import asyncio

    from sealane import log_lines
    from sealane.clients.kubernetes import credentials
    from sealane.clients.kubernetes.direct import Direct
    from sealane.clients.relay.dialer import Dialer

    address = _address(server, token_file)
    in_cluster = kubeconfig is None and context is None and credentials.in_a_pod()
    source = credentials.Source(kubeconfig=kubeconfig, context=context, in_cluster=in_cluster)

    async def run() -> None:
        exchange = Direct(source)
        await exchange.open()
        try:
            log_lines.event("relay.started", server=address.url, cluster=exchange.server)
            await Dialer(address, exchange).run()
        finally:
            await exchange.close()

    log_lines.configure(log_lines.Form.LOGFMT)
    asyncio.run(run())


def add(name: Name, as_json: output.Json = False) -> None:
    """Let a relay dial in: make its token, in place of a former one; it is shown once."""
    made = connection.server().post("/api/relays", {"name": name})
    if as_json:
        output.json(made)
        return
    output.data(made["token"])
    output.say(f"the relay {name} dials in with this token, which is shown this once", "dim")
    output.say("kubectl -n sealane create secret generic sealane-relay --from-literal=token=TOKEN", "dim")


def list_relays(as_json: output.Json = False) -> None:
    """List the relays that may dial in, and whether they are there."""
    relays = connection.server().get("/api/relays")
    if as_json:
        output.json(relays)
        return
    output.table(("RELAY", "CONNECTED", "SINCE", "VERSION", "PROCESSES"), [_row(relay) for relay in relays])
    for relay in relays:
        if relay["lacking"]:
            warning = f"{relay['name']} is not connected to {', '.join(relay['lacking'])}: what these carry can't reach its cluster"
            output.say(f"{warning}; does the load balancer lead /api/relay to them?")


def remove(name: Name) -> None:
    """Make a relay's token void; it is cut off within ten seconds."""
    connection.server().delete(f"/api/relays/{name}")
    output.say(f"the relay {name} may not dial in any more")


def manifest(
    name: Name,
    *,
    server: Annotated[str, typer.Option(help="The server's address.", envvar="SEALANE_URL", metavar="URL")],
    namespace: Annotated[
        list[str] | None, typer.Option(help="A namespace that it may deploy to; may be repeated.", metavar="NAMESPACE")
    ] = None,
    observe: Annotated[
        list[str] | None,
        typer.Option(help="A namespace that it may only look at; may be repeated.", metavar="NAMESPACE"),
    ] = None,
    image: Annotated[str, typer.Option(help="Sealane's image.")] = "sealane",
    account: Annotated[
        str,
        typer.Option(help="The namespace and account that it runs in, as NAMESPACE/NAME.", metavar="NAMESPACE/NAME"),
    ] = "sealane/sealane-relay",
    also: options.Also = None,
    authority: Annotated[
        Path | None,
        typer.Option(
            help="The certificate in PEM of the authority that signed the server's, if it is one of your own.",
            parser=options.path,
            metavar="<path>",
        ),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Print what installs a relay in a cluster: its account, least rights in the namespaces, and a Deployment.

    It changes nothing: an administrator of the cluster applies it, after the Secret with the token.
    """
    import yaml

    from sealane.destinations.kubernetes import relay_manifests, rights

    home = rights.Account.of(account)
    resources = [*rights.USUAL, *map(rights.Resource.of, also or ())]
    granted = rights.manifests(resources, namespace or (), home, observed=observe or ())
    trusted = _certificate(authority) if authority else None
    made = relay_manifests.manifests(name, granted, server=server, image=image, account=home, authority=trusted)
    if as_json:
        output.json({"apiVersion": "v1", "kind": "List", "items": made})
        return
    output.data(yaml.safe_dump_all(made, sort_keys=False, default_flow_style=None, width=100).rstrip())
    output.say(f"the Secret {home.name} in {home.home} must hold the token; `sealane relay add {name}` makes it", "dim")


def _address(server: str | None, token_file: Path | None) -> ServerAddress:
    """The address to dial, and the token. Raises UsageError."""
    import os

    from sealane.clients import authorities
    from sealane.clients.relay.dialer import ServerAddress
    from sealane.errors import UsageError

    if not server or not server.startswith(("https://", "http://")):
        hint = "--server https://sealane.example.com, or SEALANE_URL"
        raise UsageError(f"{server} is no address of a server" if server else "no server is named", hint=hint)
    token = os.environ.get("SEALANE_TOKEN", "")
    if token_file is not None:
        try:
            token = token_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(f"can't read the token in {token_file}: {error}") from error
    if not token.strip():
        raise UsageError("no token is given", hint="--token-file, or SEALANE_TOKEN; `sealane relay add NAME` makes one")
    trusted = authorities.trusted() if server.startswith("https:") else None
    return ServerAddress(url=server, token=token.strip(), trusted=trusted)


def _certificate(file: Path) -> str:
    """The certificate in the file. Raises UsageError if it has none, or a key beside it: a ConfigMap is no place for keys."""
    from sealane.errors import UsageError

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"can't read the certificate in {file}: {error}") from error
    if "-----BEGIN CERTIFICATE-----" not in text:
        raise UsageError(f"{file} has no certificate in PEM", hint="it begins with -----BEGIN CERTIFICATE-----")
    if "PRIVATE KEY-----" in text:
        raise UsageError(f"{file} has a private key", hint="give the authority's certificate alone")
    return text


def _row(relay: dict[str, Any]) -> tuple[str, ...]:
    since = relay["since"]
    return (
        relay["name"],
        "yes" if relay["connected"] else "no",
        f"{since[:10]} {since[11:19]}" if since else "",
        relay["version"] or "",
        ", ".join(relay["processes"]),
    )


def add_to(app: typer.Typer) -> None:
    """Adds `relay` and its commands."""
    group = typer.Typer(rich_markup_mode=None)
    group.callback(
        invoke_without_command=True,
        epilog=output.examples("sealane relay --server https://sealane.example.com --token-file /run/token"),
    )(relay)
    group.command("add", epilog=output.examples("sealane relay add europe"))(add)
    group.command("list", epilog=output.examples("sealane relay list"))(list_relays)
    group.command("remove", epilog=output.examples("sealane relay remove europe"))(remove)
    group.command(
        "manifest",
        epilog=output.examples(
            "sealane relay manifest europe --namespace shop --server https://sealane.example.com | kubectl apply -f -"
        ),
    )(manifest)
    app.add_typer(group, name="relay", rich_help_panel=headings.RUNNING)
