"""Every route by every identity: whoever may not read an app gets the answer that an app which is not there would give."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute

from sealane.server import access, application
from sealane.settings.model import Settings
from tests import pretending
from tests.contracts.store.samples import revision
from tests.serving import Serving, until

CANARY = "canary-of-the-heron"
"""Stands in the shop's commits, logs and values, and must never reach a stranger."""

PEOPLE = {
    "stranger": ("developers", "kiln-team"),
    "own": ("developers", "heron-team"),
    "member": ("developers", "platform"),
    "approver": ("approvers",),
    "auditor": ("auditors",),
    "steward": ("stewards",),
    "limited": ("limited",),
    "part": ("part",),
    "admin": ("administrators",),
}
ACCESS = """grants:
  - {groups: [auditors], may: [read]}
  - {groups: [platform], may: [deploy], apps: [heron]}
  - {groups: [stewards], may: [administer], apps: [heron, "crane*"]}
  - {groups: [limited], may: [read], apps: [heron]}
  - {groups: [limited, part], may: [deploy], apps: [heron], environments: [d*]}
"""
READERS = frozenset({"own", "member", "approver", "auditor", "steward", "limited", "part", "admin"})
"""Who may read the heron, or a part of it: what is of no environment is for all of them."""
THERE = READERS - {"part"}
"""Who may read it in production, where the deployment is."""
KEEPERS = frozenset({"own", "member", "steward", "admin"})
"""Who may deploy it everywhere."""
WRITERS = KEEPERS | {"limited", "part"}
"""Who may deploy it somewhere."""
STEWARDS = frozenset({"steward", "admin"})
ADMINISTRATORS = frozenset({"admin"})
EVERYBODY = frozenset(PEOPLE)
TOKENS = ("own-push-token", "other-push-token")
NOBODY = ("anonymous", *TOKENS)

# Who gets in, by route. A new route must be put in: `READERS`, `THERE` and narrower for what names an app's things in
# its address, `EVERYBODY` for what lists what each may read, None for what finds out by itself who asks.
ROUTES: dict[str, frozenset[str] | None] = {
    "GET /api/apps": EVERYBODY,
    "POST /api/apps": STEWARDS,
    "GET /api/apps/{app}": READERS,
    "GET /api/apps/{app}/status": READERS,
    "GET /api/apps/{app}/compare": READERS,
    "GET /api/apps/{app}/access": KEEPERS,
    "GET /api/apps/{app}/recipient": READERS,
    "GET /api/apps/{app}/alert-token": KEEPERS,
    "POST /api/apps/{app}/push-token": KEEPERS,
    "PUT /api/apps/{app}/owner": STEWARDS,
    "PUT /api/apps/{app}/repository": STEWARDS,
    "DELETE /api/apps/{app}": STEWARDS,
    "GET /api/formations": EVERYBODY,
    "GET /api/observed": EVERYBODY,
    "POST /api/formations/{app}/{formation}/deploy": KEEPERS,
    "POST /api/formations/{app}/{formation}/rollback": KEEPERS,
    "POST /api/formations/{app}/{formation}/scale": KEEPERS,
    "POST /api/formations/{app}/{formation}/restart": KEEPERS,
    "POST /api/formations/{app}/{formation}/lift-hold": KEEPERS,
    "GET /api/formations/{app}/{formation}/manifests": THERE,
    "GET /api/formations/{app}/{formation}/drift": THERE,
    "GET /api/formations/{app}/{formation}/logs": THERE,
    "GET /api/why/{what}": THERE,
    "GET /api/runs": EVERYBODY,
    "GET /api/runs/{run}": READERS,
    "GET /api/runs/{run}/changes": READERS,
    "GET /api/runs/{run}/logs/{key}": READERS,
    "DELETE /api/runs/{run}/logs": WRITERS,
    "POST /api/runs/{run}/rerun": WRITERS,
    "POST /api/runs/{run}/cancel": WRITERS,
    "GET /api/deployments": EVERYBODY,
    "GET /api/deployments/{deployment}": THERE,
    "GET /api/deployments/{deployment}/progress": THERE,
    "GET /api/deployments/{deployment}/state": THERE,
    "GET /api/deployments/{deployment}/events": THERE,
    "GET /api/deployments/{deployment}/logs": THERE,
    "GET /api/apps/{app}/bundles/{bundle}": WRITERS,
    "PUT /api/apps/{app}/bundles/{bundle}": WRITERS,
    "POST /api/deployments": EVERYBODY,  # to the formation that the body names: test_artifact_deployments
    "POST /api/deployments/{deployment}/abort": KEEPERS,
    "POST /api/deployments/{deployment}/rollback": KEEPERS,
    "POST /api/deployments/{deployment}/cancel": KEEPERS,
    "POST /api/deployments/{deployment}/rerun": KEEPERS,
    "GET /api/approvals": EVERYBODY,
    "GET /api/pending": EVERYBODY,
    "GET /api/events": EVERYBODY,
    "GET /api/insights": EVERYBODY,
    "GET /api/insights.csv": EVERYBODY,
    "GET /api/insights/pipelines": EVERYBODY,
    "GET /api/insights/tests": EVERYBODY,
    "GET /api/insights/failures": EVERYBODY,
    "GET /api/insights/waits": EVERYBODY,
    "GET /api/audit": ADMINISTRATORS,
    "GET /api/notices": EVERYBODY,
    "GET /api/notices/targets": ADMINISTRATORS,
    "POST /api/notices/test": ADMINISTRATORS,
    "POST /api/deployments/{deployment}/approve": THERE,
    "POST /api/deployments/{deployment}/reject": THERE,
    "POST /api/deployments/{deployment}/break-glass": THERE,
    "POST /api/deployments/{deployment}/gates/{gate}": KEEPERS,
    "GET /api/me": EVERYBODY,
    "GET /api/users": ADMINISTRATORS,
    "POST /api/users": ADMINISTRATORS,
    "PUT /api/users/{user}/groups": ADMINISTRATORS,
    "POST /api/users/{user}/tokens": ADMINISTRATORS,
    "GET /api/users/{user}/tokens": ADMINISTRATORS,
    "GET /api/tokens": EVERYBODY,
    "DELETE /api/tokens/{token_id}": EVERYBODY,
    "GET /api/apps/{app}/tokens": KEEPERS,
    "GET /api/relays": ADMINISTRATORS,
    "POST /api/relays": ADMINISTRATORS,
    "DELETE /api/relays/{relay}": ADMINISTRATORS,
    "POST /api/apps/{app}/hook-secret": KEEPERS,
    "DELETE /api/users/{user}": ADMINISTRATORS,
    "POST /api/vet": EVERYBODY,  # of the app that the body names: see below
    "GET /healthz": None,
    "HEAD /healthz": None,
    "GET /readyz": None,
    "HEAD /readyz": None,
    "GET /metrics": None,
    "GET /": EVERYBODY,
    "GET /runs": EVERYBODY,
    "GET /runs/{run}": READERS,
    "GET /runs/{run}/log/{key}": READERS,
    "GET /runs/{run}/follow/{key}": READERS,
    "GET /changes": READERS,
    "GET /deployments": EVERYBODY,
    "GET /deployments/{deployment}": THERE,
    "GET /deployments/{deployment}/drift": THERE,
    "GET /apps/{app}": READERS,
    "GET /apps/{app}/compare": READERS,
    "GET /apps/{app}/{formation}/logs": THERE,
    "GET /apps/{app}/{formation}/logs/follow": THERE,
    "POST /apps/{app}/{formation}/deploy": KEEPERS,
    "POST /apps/{app}/{formation}/scale": KEEPERS,
    "POST /apps/{app}/{formation}/restart": KEEPERS,
    "GET /approvals": EVERYBODY,
    "GET /insights": EVERYBODY,
    "GET /access": EVERYBODY,
    "GET /access/{app}": KEEPERS,
    "GET /audit": EVERYBODY,
    "GET /notices": EVERYBODY,
    "POST /runs/{run}/cancel": WRITERS,
    "POST /runs/{run}/erase-logs": WRITERS,
    "POST /runs/{run}/rerun": WRITERS,
    "POST /deployments/{deployment}/cancel": KEEPERS,
    "POST /deployments/{deployment}/rerun": KEEPERS,
    "POST /deployments/{deployment}/rollback": KEEPERS,
    "POST /deployments/{deployment}/drift": KEEPERS,
    "POST /deployments/{deployment}/release-hold": KEEPERS,
    "POST /approvals/{deployment}": THERE,
    "POST /approvals/{deployment}/decline": THERE,
    "POST /deployments/{deployment}/gates/{gate}": KEEPERS,
    "POST /deployments/{deployment}/break-glass": THERE,
    "POST /deployments/{deployment}/delete": KEEPERS,
    "GET /tokens": EVERYBODY,
    "POST /tokens/{token_id}/revoke": EVERYBODY,
    "GET /sign-in": None,
    "POST /sign-in": None,
    "POST /sign-out": EVERYBODY,
    "GET /git/{app}.git/{path}": None,
    "POST /git/{app}.git/{path}": None,
    "POST /hooks/{source}/{app}": None,
    "POST /hooks/alerts/{app}/{formation}": None,
}
BODIES: dict[str, Any] = {
    "scale": {"workload": "web", "replicas": 2},
    "restart": {"workload": "web"},
    "lift-hold": {"reason": "resolved"},
    "break-glass": {"reason": "it burns"},
    "rollback": {},
    "deploy": {"revision": "sha256:nothing"},
    "gates": {"passes": True},
    "groups": {"groups": []},
    "test": {"target": "nobody"},
    "relays": {"name": "europe"},
    "owner": {"owner": "heron-team"},
    "repository": {"repository": "https://git.example.com/heron.git"},
}


def _routes(routes: Iterable[Any]) -> Iterator[APIRoute]:
    """What is not one of ours is named, so that nothing slips by."""
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            # A relay's connection is let in by a token that nothing else takes: tests/integration/test_server_relay.py
            assert route.path in {"/api/openapi.json", "/static", "/api/relay"}, route


def listed() -> list[tuple[str, APIRoute]]:
    """Each route of the application, as `GET /runs/{run}`."""
    apiroutes = _routes(application.create(Settings()).routes)
    return [
        (f"{method} {route.path.replace(':path', '')}", route)
        for route in apiroutes
        for method in sorted(route.methods)
    ]


def test_every_route_has_its_line_in_the_table() -> None:
    assert {name for name, _ in listed()} == set(ROUTES), "put the route into ROUTES and say who gets in"


@pytest.mark.parametrize(("name", "route"), listed(), ids=[name for name, _ in listed()])
def test_every_route_goes_through_the_gate_and_every_name_in_its_address_is_known(name: str, route: APIRoute) -> None:
    """A name the gate doesn't know would be an app's thing that it lets anybody see."""
    parts = set(re.findall(r"{(\w+)", route.path))
    assert parts <= {*access.SUBJECTS, access.FORMATION, *access.NO_SUBJECTS}, "teach sealane.server.access the name"
    asked = [dependency.call for dependency in _all(route.dependant)]
    assert (access.admitted in asked) == (ROUTES[name] is not None)


def _all(dependant: Any) -> Iterator[Any]:
    for dependency in dependant.dependencies:
        yield dependency
        yield from _all(dependency)


NOTICES = """targets: {nobody: {webhook: {url: "http://127.0.0.1:9"}}}
notices: [{to: nobody, of: [deployment.deployed, approval.asked]}]
"""


@dataclass
class World:
    """A server with two apps, one of which has something of everything, and people of all kinds."""

    serving: Serving
    heron: pretending.App
    kiln: pretending.App
    tokens: dict[str, str]
    plain: httpx.Client
    """Nobody's: cookies of none, and no certificates read, which is quicker."""
    sessions: dict[str, tuple[httpx.Client, str]] = field(default_factory=dict)
    run: str = ""
    deployment: str = ""

    def ask(self, identity: str, method: str, path: str, name: str) -> tuple[int, str]:
        """What the server answers, as far as it comes in a moment: status and text."""
        page = not path.startswith(("/api/", "/git/", "/hooks/"))
        headers = {"Accept": "text/html"} if page else {}
        body: Any = next((body for word, body in BODIES.items() if word in path.split("/")), {})
        body = {"name": "crane", "owner": "stewards"} if path == "/api/apps" else body
        how: dict[str, Any] = {} if method == "GET" else {"data": {}} if page else {"json": body}
        client = self.plain
        if identity in TOKENS:
            headers["Authorization"] = f"Bearer {self.tokens[identity]}"
        elif page and identity in self.sessions:
            client, headers["X-Form-Token"] = self.sessions[identity]
            if "/gates/" in path:
                how = {"data": {"word": "pass"}}
        elif identity in self.tokens:
            headers["Authorization"] = f"Bearer {self.tokens[identity]}"
        with client.stream(method, path, headers=headers, **how) as answer:
            if answer.headers.get("content-type", "").startswith("text/event-stream") and answer.status_code == 200:
                return 200, next(answer.iter_text(), "")
            return answer.status_code, answer.read().decode()

    def path(self, route: str, *, there: bool) -> str:
        """The route's address, of the heron's things or of some that are not there."""
        names = {
            "app": "heron" if there else "nobodys",
            "run": self.run if there else "r-nobodys",
            "deployment": self.deployment if there else "d-nobodys",
            "what": "heron/production" if there else "nobodys/production",
            "formation": "production",
            "key": "test",
            "gate": "rate",
            "user": "nobody",
            "token_id": "nothing",
            "relay": "nothing",
            "bundle": "0" * 64,
            "source": "github",
            "path": "info/refs",
        }
        address = re.sub(r"{(\w+)}", lambda match: names[match[1]], route.partition(" ")[2])
        return f"{address}?of=run/{names['run']}" if address == "/changes" else address

    def normal(self, text: str) -> str:
        """The answer without the names that were asked for, which it may repeat."""
        for mine, nothing in (("heron", "nobodys"), (self.run, "r-nobodys"), (self.deployment, "d-nobodys")):
            text = text.replace(mine, nothing)
        return re.sub(r'name="form_token" value="[^"]+"', "", text)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    server = Serving(tmp_path_factory.mktemp("server"), pretending.SETTINGS).start()
    try:
        (server.folder / "config" / "access.yaml").write_text(ACCESS)
        (server.folder / "config" / "notices.yaml").write_text(NOTICES)
        for name, text in pretending.environment_files("heron", "kiln").items():
            server.environment_file(name, f"{text}observed: [{{app: heron, destination: here, namespace: herons}}]\n")
        folder = tmp_path_factory.mktemp("apps")
        heron, kiln = (pretending.App(server, folder / name, name, owner=f"{name}-team") for name in ("heron", "kiln"))
        tokens = {name: server.user(name, *groups) for name, groups in PEOPLE.items() if name != "admin"}
        tokens |= {"admin": server.token, "own-push-token": heron.push_token, "other-push-token": kiln.push_token}
        made = World(serving=server, heron=heron, kiln=kiln, tokens=tokens, plain=server.client(""))
        head = heron.commit(CANARY)
        heron.push()
        made.run = heron.run_of(head)["run"]["id"]
        made.deployment = heron.deployment("production", head, "waiting")["id"]
        until("what others deploy", lambda: heron.get("/api/observed"))
        with server.client() as client:
            until(
                "two notices", lambda: len({notice["formation"] for notice in client.get("/api/notices").json()}) == 2
            )
        for name in PEOPLE:
            client = server.client("")
            shown = client.get("/sign-in").text
            client.post("/sign-in", data={"form_token": _form_token(shown), "token": tokens[name]})
            made.sessions[name] = client, _form_token(client.get("/", headers={"Accept": "text/html"}).text)
        yield made
        for client_open in (made.plain, *(client for client, _ in made.sessions.values())):
            client_open.close()
    finally:
        server.stop()


def _form_token(page: str) -> str:
    match = re.search(r'name="form_token" value="([^"]+)"', page)
    assert match, page[:500]
    return match[1]


GUARDED = {name: who for name, who in ROUTES.items() if who is not None and name != "POST /sign-out"}


def _nowhere(text: str) -> str:
    return text.replace("production", "nowhere")


def _is_of_an_environment(name: str) -> bool:
    return any(part in name for part in ("{deployment}", "{formation}", "{what}"))


@pytest.mark.parametrize("name", GUARDED)
def test_who_may_not_gets_the_same_answer_as_for_what_is_not_there(world: World, name: str) -> None:
    """Nobody without a token; 404, as of nothing, for who may not read; 403 for who may read and no more."""
    method = name.partition(" ")[0]
    there, nothing = world.path(name, there=True), world.path(name, there=False)
    for identity in NOBODY:
        status, text = world.ask(identity, method, there, name)
        assert status in {401, 303}, f"{identity} {name}: {status} {text[:300]}"
        assert CANARY not in text
        assert (status, world.normal(text)) == (status, world.normal(world.ask(identity, method, nothing, name)[1]))
    about_the_app = there != nothing
    readers = THERE if _is_of_an_environment(name) else READERS
    for identity in PEOPLE:
        if identity in GUARDED[name] or (identity not in readers and not about_the_app and GUARDED[name] >= readers):
            continue
        status, text = world.ask(identity, method, there, name)
        assert CANARY not in text
        if about_the_app and identity not in readers:
            of_the_heron = identity in READERS and "deployments" not in name  # which they know, but not this part of it
            other, said = world.ask(identity, method, _nowhere(there) if of_the_heron else nothing, name)
            if not (of_the_heron and name.endswith("/deploy")):  # what was never there, a commit's file may bring
                assert (status, _nowhere(world.normal(text))) == (other, world.normal(said)), f"{identity} {name}"
            assert status == 404, f"{identity} {name}: {status} {text[:300]}"
        else:
            assert (status, "may not" in text) == (403, True), f"{identity} {name}: {status} {text[:300]}"


LISTS = [name for name, who in GUARDED.items() if who == EVERYBODY and name.startswith("GET ")]
OWN = {
    *("GET /api/me", "GET /api/tokens", "GET /tokens"),
    *("GET /api/insights", "GET /api/insights.csv"),  # nothing of it has ended
    *("GET /api/insights/failures", "GET /api/insights/waits", "GET /api/insights/tests"),
}
"""What lists nothing of apps, or not for everybody who may read them."""
ASKS = {"GET /api/approvals", "GET /api/pending", "GET /approvals"}
"""What lists approvals: production asks for one."""


def _production_in(text: str) -> bool:
    """Whether the environment is named. `production` is also a field of every formation, and words of the overview."""
    for words in ('"production":', "Commit to production", "goes to production", "production: true"):
        text = text.replace(words, "")
    return "production" in text


@pytest.mark.parametrize("name", LISTS)
def test_what_lists_shows_each_only_what_they_may_read(world: World, name: str) -> None:
    method, _, path = name.partition(" ")
    for identity in PEOPLE:
        status, text = world.ask(identity, method, path, name)
        assert status == 200, f"{identity} {name}: {status} {text[:300]}"
        if identity == "stranger":
            assert "heron" not in text
            assert CANARY not in text
        elif identity == "part":
            assert not _production_in(text), f"{identity} {name}"
            assert world.deployment not in text
            assert ("heron" in text) == (name not in OWN | ASKS), f"{identity} {name}"
        elif name not in OWN:
            assert "heron" in text, f"{identity} {name}"


def test_what_came_of_a_run_is_told_of_environments_one_may_read(world: World) -> None:
    """The run is the app's; its deliveries are their environments'."""
    paths = ("/api/runs/{run}", "/runs/{run}", "/api/why/{run}", "/api/why/heron", "/api/formations", "/?find=heron")
    for path in paths:
        for identity, told in (("limited", True), ("part", False)):
            status, text = world.ask(identity, "GET", path.format(run=world.run), "")
            assert (status, _production_in(text)) == (200, told), f"{identity} {path}: {text[:2000]}"
            assert "dev" in text, f"{identity} {path}"
    for only, is_shown in (("environment=production", False), ("state=waiting", False), ("environment=dev", True)):
        _, text = world.ask("part", "GET", f"/api/runs?{only}", "")
        assert (world.run in text) == is_shown, f"{only}: {text[:300]}"
        _, text = world.ask("limited", "GET", f"/api/runs?{only}", "")
        assert world.run in text, only


def test_what_somebody_s_run_delivers_goes_where_they_may_deploy(world: World) -> None:
    """The pipeline delivers to both; who may deploy to dev only asked for the run."""
    _, text = world.ask("limited", "POST", f"/api/runs/{world.run}/rerun", "")
    run = json.loads(text)["run"]

    def ended() -> Any:
        view = world.heron.get(f"/api/runs/{run}")
        return view if view["run"]["ended"] else None

    view = until("the run to end", ended)
    assert [deployment["formation"] for deployment in view["deployments"]] == ["dev"]
    (reason,) = [step["reason"] for step in view["steps"] if step["name"] == "production"]
    assert "limited may not deploy heron/production, so nothing goes there" in reason
    assert "sealane deploy heron/production --release rel-" in reason


def test_who_may_do_what_is_told_with_what_gives_it(world: World) -> None:
    """Of everybody to who may deploy everywhere, and to everybody of themselves."""

    def rights(identity: str, query: str) -> Any:
        headers = {"Authorization": f"Bearer {world.tokens[identity]}"}
        answer = world.plain.get(f"/api/apps/heron/access?{query}", headers=headers)
        assert answer.status_code == 200, answer.text
        return {(right["user"], right["permission"]): right for right in answer.json()["rights"]}

    by_person = rights("own", "environment=production")
    assert {user for user, verb in by_person if verb == "deploy"} == KEEPERS
    assert {user for user, verb in by_person if verb == "read"} == THERE
    assert {user for user, verb in by_person if verb == "approve"} == {"approver"}
    assert {user for user, verb in by_person if verb == "administer"} == STEWARDS
    assert by_person["steward", "deploy"]["because"] == "in stewards, by access.yaml:4:5"
    assert by_person["approver", "approve"]["because"] == "in approvers, which production asks"
    mine = rights("part", "user=part")
    assert mine["part", "deploy"]["environments"] == ["dev"]
    status, text = world.ask("part", "GET", "/api/apps/heron/access?user=part&environment=production", "")
    assert (status, "heron has no environment production" in text) == (404, True)


def test_a_page_of_a_list_begins_after_nobody_elses(world: World) -> None:
    """`before` names a run or deployment, too."""
    for path, of in (("runs", world.run), ("deployments", world.deployment)):
        for base in ("/api/", "/"):
            said = [
                world.ask("stranger", "GET", f"{base}{path}?before={before}", "") for before in (of, f"{of[:2]}nobodys")
            ]
            assert said[0][0] == 404
            assert world.normal(said[0][1]) == world.normal(said[1][1])


def test_a_program_reads_on_from_its_cursor_and_an_administrator_reads_the_audit(world: World) -> None:
    """Page by page the same as at once; the audit by the page's filters."""

    def asked(identity: str, path: str) -> Any:
        answer = world.plain.get(path, headers={"Authorization": f"Bearer {world.tokens[identity]}"})
        assert answer.status_code == 200, answer.text
        return answer.json()

    at_once = asked("own", "/api/events?app=heron&limit=200")
    assert not at_once["missed"]
    assert {"app.added", "run.requested", "run.ended", "deployment.requested"} <= {
        event["kind"] for event in at_once["events"]
    }
    read: list[Any] = []
    cursor = 0
    while page := (answer := asked("own", f"/api/events?app=heron&limit=4&after={cursor}"))["events"]:
        read += page
        cursor = answer["cursor"]
    assert read[: len(at_once["events"])] == at_once["events"]
    latest = asked("own", f"/api/events?after={2**62}")
    assert latest["events"] == []
    assert cursor <= latest["cursor"] < 2**62, "who asks from a time to come goes on from now"
    assert asked("stranger", "/api/events?app=heron")["events"] == []
    of_formation = asked("own", "/api/events?formation=production&limit=200")["events"]
    assert {told_event["formation"] for told_event in of_formation} == {"production"}
    lines = asked("admin", "/api/audit?app=heron&limit=200")
    assert {line["app"] for line in lines} == {"heron"}
    older = asked("admin", f"/api/audit?app=heron&limit=200&before={lines[0]['id']}")
    assert older == lines[1:]


def test_what_operators_say_of_an_app_is_for_its_people(world: World) -> None:
    """`sealane vet` names the app in what it sends, not in the address."""
    said = {}
    for identity in ("stranger", "own"):
        for app in ("heron", "nobodys"):
            body = {"revision": {**revision().to_json(), "app": app, "environment": "dev"}}
            headers = {"Authorization": f"Bearer {world.tokens[identity]}"}
            said[identity, app] = world.plain.post("/api/vet", json=body, headers=headers)
    assert said["own", "heron"].status_code == 200, said["own", "heron"].text
    hidden, not_there = said["stranger", "heron"], said["stranger", "nobodys"]
    assert [hidden.status_code, not_there.status_code, said["own", "nobodys"].status_code] == [404, 404, 404]
    assert world.normal(hidden.text) == not_there.text
    assert "heron" not in not_there.text
    assert "known here: heron" in said["own", "nobodys"].text, "what one may read is named"


# what removes comes last: the others need something to be there
_LAST = ("DELETE", "decline", "reject", "approve", "approvals/", "cancel", "sign-out")


@pytest.mark.parametrize("name", sorted(GUARDED, key=lambda name: any(word in name for word in _LAST)))
def test_who_may_comes_through(world: World, name: str) -> None:
    """To what the route itself says, which may be no: there is no hold to lift, say."""
    method = name.partition(" ")[0]
    for identity in sorted(GUARDED[name]):
        if method == "DELETE" and "{app}" in name:
            continue  # the whole world hangs on it
        status, text = world.ask(identity, method, world.path(name, there=True), name)
        assert status != 401
        assert str(world.serving.folder) not in text, "where the server's folders lie is nobody's business"
        refused = status == 403 and re.search(r"may not (read|deploy|administer|see)", text)
        assert not refused, f"{identity}: {text[:300]}"
        assert "nobody is signed in" not in text
        assert "there is no app" not in text
        assert "there is no run" not in text
        assert "there is no deployment" not in text
        assert status < 500, f"{identity} {name}: {status} {text[:300]}"


def test_a_stranger_s_hook_and_push_tell_nothing(world: World) -> None:
    """Routes with proofs of their own say the same of an app that is there and of one that is not."""
    with world.serving.client("") as client:
        for path in ("/hooks/github/{}", "/hooks/gitlab/{}", "/hooks/bitbucket/{}", "/hooks/alerts/{}/production"):
            said = [client.post(path.format(app), json={}) for app in ("heron", "nobodys")]
            assert [response.status_code for response in said] == [401, 401]
            assert said[0].text == said[1].text
        for password, status in ((world.kiln.push_token, 401), (world.tokens["stranger"], 404), ("sln_x_y", 401)):
            said = [
                client.get(f"/git/{app}.git/info/refs?service=git-upload-pack", auth=(app, password))
                for app in ("heron", "nobodys")
            ]
            assert [response.status_code for response in said] == [status, status]
            assert world.normal(said[0].text) == world.normal(said[1].text)


def test_who_is_put_out_of_the_group_reads_nothing_more(world: World) -> None:
    """At once."""
    token = world.serving.user("leaver", "developers", "heron-team")
    with world.serving.client(token) as client:
        assert client.get(f"/api/runs/{world.run}").status_code == 200
        with world.serving.client() as admin:
            assert admin.put("/api/users/leaver/groups", json={"groups": ["developers"]}).status_code == 204
        until("the app to be gone", lambda: client.get(f"/api/runs/{world.run}").status_code == 404 or None)


def test_what_is_followed_ends_when_the_right_to_it_does(world: World) -> None:
    """By a token that is revoked, or a group that is taken away; who still may goes on reading."""
    for name in ("ends-token", "ends-group", "stays"):
        token = world.serving.user(name, "developers", "heron-team")
        client = world.serving.client("")
        client.post("/sign-in", data={"form_token": _form_token(client.get("/sign-in").text), "token": token})
        world.sessions[name] = client, ""
    with ExitStack() as open_ones, world.serving.client() as admin:
        ended: dict[str, threading.Event] = {}
        for name in ("ends-token", "ends-group", "stays"):
            path = f"/changes?of=deployment/{world.deployment}"
            answer = open_ones.enter_context(world.sessions[name][0].stream("GET", path, timeout=None))
            told = answer.iter_text()
            assert (answer.status_code, "retry" in next(told)) == (200, True)
            ended[name] = threading.Event()
            threading.Thread(target=_read_out, args=(told, ended[name]), daemon=True).start()
        (token,) = admin.get("/api/users/ends-token/tokens").json()
        assert admin.delete(f"/api/tokens/{token['id']}").status_code == 200
        assert admin.put("/api/users/ends-group/groups", json={"groups": ["developers"]}).status_code == 204
        for name in ("ends-token", "ends-group"):
            assert ended[name].wait(60), f"{name} still reads"
        assert not ended["stays"].is_set()
        admin.delete("/api/users/stays")
        assert ended["stays"].wait(60), "its reader is gone"


def _read_out(told: Iterator[str], ended: threading.Event) -> None:
    with suppress(httpx.HTTPError):
        for _ in told:
            pass
    ended.set()
