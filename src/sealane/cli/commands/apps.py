"""`sealane app …`: registering apps with a server."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sealane.cli import headings, options, output
from sealane.cli.remote import connection

New = Annotated[str, typer.Argument(help="The app's name.")]
Name = Annotated[str, typer.Argument(help="The app's name.", autocompletion=options.served_apps)]


def add(
    name: New,
    owner: Annotated[str, typer.Option(help="The owner: a group or a user.")],
    repo: Annotated[
        str | None, typer.Option(help="URL to clone from. Without it, the server serves the repository itself.")
    ] = None,
    folder: Annotated[str, typer.Option(help="The app's folder in a repository of several.")] = "",
    trunk: Annotated[str, typer.Option(help="The branch whose pushes are delivered.")] = "main",
    as_json: output.Json = False,
) -> None:
    """Register an app; its tokens are shown once."""
    body = {"name": name, "owner": owner, "repository": repo, "folder": folder, "trunk": trunk}
    server = connection.server()
    made = server.post("/api/apps", body)
    if as_json:
        output.json(made)
        return
    shown = made["app"]
    output.say(f"registered {shown['name']}, owned by {shown['owner']}")
    if made["push_token"]:
        output.data(f"push token    {made['push_token']}")
        output.say(f"push to it:   git push {shown['repository']} {shown['trunk']}")
        output.say(f"user name {shown['name']}, password your own token or the push token; it is not shown again")
    else:
        output.data(f"hook secret   {made['hook_secret']}")
        for host, url in made["hook_urls"].items():
            output.say(f"webhook for {host}: {url}")
    output.say(f"encrypt secrets to {made['recipient']} (sealane secrets encrypt)")
    _say_who(server, name, owner)


def _say_who(server: Any, app: str, owner: str) -> None:
    """Warns when the owner is no known user or group: then only administrators see the app."""
    from sealane.access.model import DEVELOPERS

    users = server.get("/api/users")
    if not any(owner == user["name"] or owner in user["groups"] for user in users):
        groups = " ".join(f"--group {group}" for group in dict.fromkeys((owner, DEVELOPERS)))
        output.say(
            f"only administrators see {app} now: no user is called {owner}, and nobody is in a group {owner} "
            f"(sealane user groups NAME {groups}, or sealane app owner {app} OWNER)"
        )


def owner(
    name: Name,
    owner: Annotated[str, typer.Argument(help="The new owner: a group or a user.")],
) -> None:
    """Give an app to another group or user, who are its people from then on."""
    server = connection.server()
    server.put(f"/api/apps/{name}/owner", {"owner": owner})
    output.say(f"{name} belongs to {owner} now")
    _say_who(server, name, owner)


def repository(
    name: Name,
    url: Annotated[str, typer.Argument(help="URL to clone from.")],
) -> None:
    """Have an app cloned from another URL: its repository was renamed, or moved to another host."""
    made = connection.server().put(f"/api/apps/{name}/repository", {"repository": url})
    output.say(f"{name} is cloned from {made['repository'] if made else url} now")


def list_apps(as_json: output.Json = False) -> None:
    """List the registered apps."""
    apps = connection.server().get("/api/apps")
    if as_json:
        output.json(apps)
        return
    output.table(
        ("APP", "OWNER", "TRUNK", "REPOSITORY"), [(a["name"], a["owner"], a["trunk"], a["repository"]) for a in apps]
    )
    for broken in (a for a in apps if a.get("trouble")):
        output.error(broken["trouble"])


def push_token(
    name: Name,
    expires: Annotated[str, typer.Option(help="How long it is valid: 90d, 12h, never.")] = "never",
    as_json: output.Json = False,
) -> None:
    """Make a fresh push token; the one before is void."""
    made = connection.server().post(f"/api/apps/{name}/push-token", {"expires": expires})
    if as_json:
        output.json(made)
        return
    output.data(made["push_token"])


def hook_secret(
    name: Name,
    grace: Annotated[str, typer.Option(help="How long the former secret stays valid; 0s when it has leaked.")] = "24h",
    as_json: output.Json = False,
) -> None:
    """Make a fresh secret for webhooks and alerts; the one before counts for a while."""
    made = connection.server().post(f"/api/apps/{name}/hook-secret", {"grace": grace})
    if as_json:
        output.json(made)
        return
    output.data(made["hook_secret"])
    for host, url in made["hook_urls"].items():
        output.say(f"enter it at {host} for {url}")
    output.say(
        f"the one before counts until {made['old_counts_until'][:16].replace('T', ' ')} UTC, as does its alert token"
    )


def recipient(name: Name, as_json: output.Json = False) -> None:
    """Print the age recipient that the server opens the app's files of secrets with."""
    answer = connection.server().get(f"/api/apps/{name}/recipient")
    if as_json:
        output.json(answer)
        return
    output.data(answer["recipient"])


def alert_token(name: Name, as_json: output.Json = False) -> None:
    """Print the token with which alerts are sent in for the app's formations, and where to."""
    answer = connection.server().get(f"/api/apps/{name}/alert-token")
    if as_json:
        output.json(answer)
        return
    output.data(answer["token"])
    output.say(f"send alerts to {answer['url']} with Authorization: Bearer and this token")


def remove(name: Name) -> None:
    """Forget an app; what runs of it stays where it is. The next app of the name gets nothing of it."""
    connection.server().delete(f"/api/apps/{name}")
    output.say(f"{name} is forgotten here; what runs of it stays where it is")


def add_to(app: typer.Typer) -> None:
    """Adds `app` and its commands."""
    group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Register apps with the server.")
    group.command("add", epilog=output.examples("sealane app add shop --owner payments"))(add)
    group.command("list")(list_apps)
    group.command("owner", epilog=output.examples("sealane app owner shop payments"))(owner)
    moved = "sealane app repository shop https://git.example.com/payments/shop.git"
    group.command("repository", epilog=output.examples(moved))(repository)
    group.command("push-token", epilog=output.examples("sealane app push-token shop --expires 90d"))(push_token)
    group.command("hook-secret", epilog=output.examples("sealane app hook-secret shop --grace 1h"))(hook_secret)
    more = "sealane secrets encrypt production.env --to $(sealane app recipient shop) --output deploy/secrets.age"
    group.command("recipient", epilog=output.examples(more))(recipient)
    group.command("alert-token", epilog=output.examples("sealane app alert-token shop"))(alert_token)
    group.command("remove")(remove)
    app.add_typer(group, name="app", rich_help_panel=headings.SERVER)
