"""Nobody gets in without a token or session, and nothing that is sent breaks the server."""

import asyncio
import base64
import hashlib
import hmac
import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlencode

import httpx
import pytest

from sealane.settings.connections import Http
from tests.serving import Serving, serving_shop, until

OPEN = {"/hooks/{source}/{app}", "/healthz", "/readyz"}
"""Routes that a signature guards instead of a token, and those that tell everybody whether the server is well."""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    with serving_shop(tmp_path_factory.mktemp("server")) as server:
        yield server


def routes(serving: Serving) -> list[tuple[str, str]]:
    document = httpx.get(f"{serving.url}/api/openapi.json", timeout=60, verify=False).json()
    return [(method, path) for path, operations in document["paths"].items() for method in operations]


@pytest.mark.parametrize("authorization", [None, "Bearer x", "Bearer sln_nobody_knows", "Basic YTpi", "Bearer é"])
def test_every_route_of_the_api_wants_a_token(serving: Serving, authorization: str | None) -> None:
    """The whole OpenAPI document is walked; each answers 401, whatever is in the path."""
    routes_of_api = routes(serving)
    assert len(routes_of_api) > 15
    headers = {"Authorization": authorization.encode()} if authorization else {}
    with serving.client("", headers=headers) as client:
        for method, path in routes_of_api:
            if path in OPEN:
                continue
            answer = client.request(method, re.sub(r"\{[^}]+\}", "x", path), json={})
            assert answer.status_code == 401, f"{method} {path} answered {answer.status_code} {answer.text[:200]}"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/runs",
        "/runs/x",
        "/deployments",
        "/deployments/x",
        "/approvals",
        "/changes?of=overview",
        "/runs/x/log/y",
        "/runs/x/follow/y",
    ],
)
def test_every_page_leads_to_the_sign_in(serving: Serving, path: str) -> None:
    answer = httpx.get(serving.url + path, headers={"Accept": "text/html"}, timeout=60, verify=False)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in?next=")


def test_a_developer_may_not_administer(serving: Serving) -> None:
    token = serving.user("dana", "developers")
    with serving.client(token) as dana:
        for answer in (
            dana.get("/api/users"),
            dana.post("/api/users", json={"name": "x"}),
            dana.post("/api/apps", json={"name": "x", "owner": "y"}),
        ):
            assert answer.status_code == 403
            assert "dana may not administer" in answer.json()["message"]


def test_an_app_s_name_is_taken_once(serving: Serving) -> None:
    with serving.client() as admin:
        again = admin.post(
            "/api/apps", json={"name": "shop", "owner": "others", "repository": "https://git.example.com/other"}
        )
    assert again.status_code == 409
    assert "shop" in again.json()["message"]


def sign_in(serving: Serving, browser: httpx.Client, token: str) -> httpx.Response:
    page = browser.get("/sign-in").text
    form_token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert form_token
    return browser.post("/sign-in", data={"form_token": form_token[1], "token": token, "next": "/runs"})


def test_a_session_is_begun_used_and_ended(serving: Serving) -> None:
    """The cookie is kept from scripts and other sites; after signing out it opens nothing."""
    with serving.client("") as browser:
        answer = sign_in(serving, browser, serving.token)
        assert (answer.status_code, answer.headers["location"]) == (303, "/runs")
        cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith("sealane_session"))
        assert "httponly" in cookie.lower()
        assert "samesite=lax" in cookie.lower()
        page = browser.get("/", headers={"Accept": "text/html"})
        assert "What is where" in page.text
        assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
        form_token = re.search(r'name="form_token" value="([^"]+)"', page.text)
        assert form_token
        kept = dict(browser.cookies)
        assert browser.post("/sign-out", data={"form_token": form_token[1]}).status_code == 303
        browser.cookies.update(kept)
        assert browser.get("/", headers={"Accept": "text/html"}).status_code == 303


def test_a_form_of_another_site_does_nothing(serving: Serving) -> None:
    """A cookie without this session's form token changes nothing; nor does a sign-in without the form."""
    with serving.client("") as browser:
        sign_in(serving, browser, serving.token)
        for data in ({}, {"form_token": "guessed"}):
            assert browser.post("/sign-out", data=data).status_code == 403
            assert browser.post("/api/users", data=data).status_code in {403, 422}
    with serving.client("") as browser:
        assert browser.post("/sign-in", data={"token": serving.token}).status_code == 403


@pytest.mark.parametrize(
    "where", ["//evil.example.com", "https://evil.example.com", "/\\evil.example.com", "javascript:alert(1)"]
)
def test_the_sign_in_never_leads_to_another_site(serving: Serving, where: str) -> None:
    page = httpx.get(serving.url + "/sign-in", params={"next": where}, timeout=60, verify=False).text
    assert 'name="next" value="/"' in page


def test_nobody_follows_more_than_one_may(serving: Serving) -> None:
    """Pages of one person don't take the connections of the others."""
    most = Http().streams
    token = serving.user("greedy", "developers")
    with serving.client("") as browser, ExitStack() as stack:
        sign_in(serving, browser, token)
        url = f"{serving.url}/changes?of=overview"
        limits = httpx.Limits(max_connections=None)
        with httpx.Client(cookies=browser.cookies, limits=limits, timeout=120, verify=False) as client:
            begun = [stack.enter_context(client.stream("GET", url)) for _ in range(most)]
            assert {answer.status_code for answer in begun} == {200}
            read = [answer.iter_raw() for answer in begun]  # an end of these would close the answers
            assert all(next(stream) for stream in read)
            refused = client.get(url)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "10")
            assert client.get(f"{serving.url}/runs").status_code == 200
            with serving.client() as other:
                assert other.get("/api/runs").status_code == 200
            begun[0].close()
            again = until("an end to make room", lambda: next(_followed(client, url), None))
            assert again == 200


def test_of_many_that_begin_at_once_no_more_are_let_in(serving: Serving) -> None:
    most, more = Http().streams, 20
    token = serving.user("eager", "developers")
    with serving.client("") as browser:
        sign_in(serving, browser, token)
        statuses = asyncio.run(_begun_at_once(f"{serving.url}/changes?of=overview", browser.cookies, most + more))
    assert statuses == {200: most, 429: more}


async def _begun_at_once(url: str, cookies: httpx.Cookies, number: int) -> Counter[int]:
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(cookies=cookies, limits=limits, timeout=120, verify=False) as client:
        requests = [client.build_request("GET", url) for _ in range(number)]
        answers = await asyncio.gather(*(client.send(request, stream=True) for request in requests))
        await asyncio.gather(*(answer.aclose() for answer in answers))
    return Counter(answer.status_code for answer in answers)


def _followed(client: httpx.Client, url: str) -> Iterator[int]:
    with client.stream("GET", url) as answer:
        if answer.status_code == 200:
            yield 200


def test_a_body_too_large_is_refused_while_it_is_read(serving: Serving) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(64):
            yield b"x" * 65536

    answer = httpx.post(
        serving.url + "/api/users", content=endless(), headers={"Authorization": f"Bearer {serving.token}"}, timeout=60
    )
    assert answer.status_code == 413


def hook(
    serving: Serving,
    body: bytes,
    secret: str,
    *,
    delivery: str = "d",
    app: str = "shop",
    kind: str = "push",
    form: str = "application/json",
) -> httpx.Response:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    headers = {"X-GitHub-Event": kind, "X-GitHub-Delivery": delivery, "X-Hub-Signature-256": f"sha256={signature}"}
    headers["Content-Type"] = form
    return httpx.post(f"{serving.url}/hooks/github/{app}", content=body, headers=headers, timeout=60, verify=False)


def test_a_webhook_starts_one_run_however_often_it_comes(serving: Serving) -> None:
    """Redelivered, or the same push under a new delivery id: nothing starts twice. Unsigned: nothing starts at all."""
    made = serving.app("hooked", repository="http://127.0.0.1:9/t/hooked.git")
    push = json.dumps(
        {
            "ref": "refs/heads/main",
            "before": "a" * 40,
            "after": "b" * 40,
            "repository": {
                "full_name": "t/hooked",
                "clone_url": "https://evil.example.com/x.git",
                "default_branch": "main",
            },
        }
    ).encode()
    assert hook(serving, push, "wrong", app="hooked").status_code == 401
    assert hook(serving, push, made["hook_secret"], app="nobody").status_code == 401

    first = hook(serving, push, made["hook_secret"], app="hooked")
    assert first.status_code == 202, first.text
    assert first.json()["duplicate"] is False
    for delivery in ("d", "another"):
        again = hook(serving, push, made["hook_secret"], app="hooked", delivery=delivery).json()
        assert (again["duplicate"], again["run"]) == (True, first.json()["run"])
    later = json.dumps({**json.loads(push), "before": "b" * 40, "after": "c" * 40}).encode()
    assert hook(serving, later, made["hook_secret"], app="hooked", delivery="e").json()["duplicate"] is False
    old = hook(serving, push, made["hook_secret"], app="hooked", delivery="made up").json()
    assert (old["duplicate"], old["run"]) == (True, first.json()["run"]), "nobody signs the id"
    assert (
        hook(serving, b"{}", made["hook_secret"], app="hooked", kind="ping").json()["ignored"] == "ping starts nothing"
    )


def test_a_webhook_of_another_repository_starts_nothing(serving: Serving) -> None:
    """An organization's hook signs for its forks, too; after a rename operators say which one is the app's."""
    secret = serving.app("wheel", repository="http://127.0.0.1:9/t/wheel.git")["hook_secret"]
    of = {"full_name": "fork/wheel", "clone_url": "http://127.0.0.1:9/t/wheel.git"}
    push = {"ref": "refs/heads/main", "before": "a" * 40, "after": "d" * 40, "repository": of}
    for body in (push, push | {"after": "0" * 40}):
        answer = hook(serving, json.dumps(body).encode(), secret, app="wheel", delivery=body["after"])
        assert answer.status_code == 202
        assert answer.json()["ignored"] == "the message is about fork/wheel, and the app's is t/wheel"
    with serving.client() as client:
        assert client.get("/api/runs", params={"app": "wheel"}).json() == []
        moved = client.put("/api/apps/wheel/repository", json={"repository": "http://127.0.0.1:9/fork/wheel.git"})
        assert moved.json()["repository"] == "http://127.0.0.1:9/fork/wheel.git"
        serving.app("axle", repository="http://127.0.0.1:9/t/axle.git")
        taken = client.put("/api/apps/axle/repository", json={"repository": "http://127.0.0.1:9/fork/wheel.git"})
        served = client.put("/api/apps/shop/repository", json={"repository": "http://127.0.0.1:9/t/shop.git"})
        assert (taken.status_code, served.status_code) == (409, 409)
        audit = client.get("/api/audit", params={"app": "wheel", "kind": "app.repository_set"}).json()
        assert [line["data"]["to"] for line in audit] == ["http://127.0.0.1:9/fork/wheel.git"]
    assert hook(serving, json.dumps(push).encode(), secret, app="wheel").json()["run"]


def test_a_webhook_may_be_a_form_and_larger_than_other_requests(serving: Serving) -> None:
    """GitHub's form, of more than `max_body`; what is neither JSON nor a form is told so."""
    secret = serving.app("forms", repository="http://127.0.0.1:9/forms.git")["hook_secret"]
    push = {
        "ref": "refs/heads/main",
        "before": "a" * 40,
        "after": "b" * 40,
        "repository": {"clone_url": "x", "full_name": "forms"},
    }
    body = urlencode({"payload": json.dumps({**push, "padding": "+" * 2 * 1024 * 1024})}).encode()
    answer = hook(serving, body, secret, app="forms", form="application/x-www-form-urlencoded")
    assert (answer.status_code, answer.json()["duplicate"]) == (202, False), answer.text
    deleted = json.dumps({**push, "after": "0" * 40}).encode()
    assert "was deleted" in hook(serving, deleted, secret, app="forms", delivery="e").json()["ignored"]
    old = hook(serving, body, secret, app="forms", delivery="f", form="application/x-www-form-urlencoded")
    assert old.json()["duplicate"] is True, "the very message of before, whatever came since"
    anew = json.dumps({**push, "pushed_at": 1_770_000_000}).encode()
    assert hook(serving, anew, secret, app="forms", delivery="h").json()["duplicate"] is False
    refused = hook(serving, b"<push/>", secret, app="forms", delivery="g", form="text/xml")
    assert (refused.status_code, "text/xml is not read" in refused.json()["message"]) == (415, True)


def test_git_wants_the_app_s_own_push_token(serving: Serving) -> None:
    one, other = serving.app("one")["push_token"], serving.app("other")["push_token"]
    url = f"{serving.url}/git/one.git/info/refs?service=git-receive-pack"

    def ask(password: str) -> int:
        coded = base64.b64encode(f"one:{password}".encode()).decode()
        return httpx.get(url, headers={"Authorization": f"Basic {coded}"}, timeout=60, verify=False).status_code

    assert httpx.get(url, timeout=60, verify=False).status_code == 401
    assert "Basic" in httpx.get(url, timeout=60, verify=False).headers["www-authenticate"]
    assert [ask(one), ask(other), ask(serving.token), ask("x")] == [200, 401, 200, 401], (
        "who may push may by their own token"
    )
