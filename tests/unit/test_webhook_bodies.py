"""Bodies of webhooks: one message in every form that hosts send it in, and clear words for all others."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.errors import NotSignedIn, SealaneError, UnknownType, UsageError
from sealane.events import alerts
from sealane.events.sources import bodies, gitea, github
from sealane.settings.connections import Http

from .test_webhooks import AT, PUSH, SECRET

MESSAGE = {**PUSH, "head_commit": {**PUSH["head_commit"], "message": "Größe & Tücken = 100 %+"}}
TEXT = json.dumps(MESSAGE, ensure_ascii=False)
PLAIN = TEXT.encode()
FORM = "application/x-www-form-urlencoded"
FORMS: dict[str, tuple[dict[str, str], bytes]] = {
    "json": ({"content-type": "application/json"}, PLAIN),
    "json, charset": ({"content-type": "application/json; charset=utf-8"}, PLAIN),
    "json, quoted charset": ({"content-type": 'Application/JSON;Charset="UTF-8"'}, PLAIN),
    "json, a charset's other name": ({"content-type": "application/json; charset=utf8"}, PLAIN),
    "json, latin": ({"content-type": "application/json; charset=ISO-8859-1"}, TEXT.encode("latin-1")),
    "json, utf-16": ({"content-type": "application/json; charset=utf-16"}, TEXT.encode("utf-16")),
    "json, byte order mark": ({"content-type": "application/json"}, b"\xef\xbb\xbf" + PLAIN),
    "json, mark and charset": ({"content-type": "application/json; charset=utf-8"}, b"\xef\xbb\xbf" + PLAIN),
    "json of a kind": ({"content-type": "application/vnd.gitea+json"}, PLAIN),
    "no type": ({}, PLAIN),
    "an empty type": ({"content-type": " "}, PLAIN),
    "form": ({"content-type": FORM}, urlencode({"payload": TEXT}).encode()),
    "form, charset": ({"content-type": f"{FORM}; charset=UTF-8"}, urlencode({"payload": TEXT}).encode()),
    "form, %20": ({"content-type": FORM}, f"payload={quote(TEXT)}".encode()),
    "form, more fields": ({"content-type": FORM}, f"a=1&payload={quote_plus(TEXT)}&secret=".encode()),
    "form, byte order mark": ({"content-type": FORM}, urlencode({"payload": "\ufeff" + TEXT}).encode()),
    "form, latin": (
        {"content-type": f"{FORM};charset=latin1"},
        f"payload={quote_plus(TEXT, encoding='latin-1')}".encode(),
    ),
    "gzip": ({"content-type": "application/json", "content-encoding": "gzip"}, gzip.compress(PLAIN)),
    "gzipped form": (
        {"content-type": FORM, "content-encoding": "GZIP"},
        gzip.compress(urlencode({"payload": TEXT}).encode()),
    ),
    "identity": ({"content-type": "application/json", "content-encoding": "identity"}, PLAIN),
}


def signed(host: Any, headers: dict[str, str], body: bytes, secret: str = SECRET) -> dict[str, str]:
    """The headers with the signature over the bytes as they go."""
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {**headers, host.KIND: "push", host.SIGNATURE: made, host.DELIVERY: "d-7"}


@pytest.mark.parametrize("host", [github, gitea])
@pytest.mark.parametrize("form", FORMS)
def test_one_message_in_every_form_is_one_event(host: Any, form: str) -> None:
    headers, body = FORMS[form]
    [event] = host.read("shop", signed(host, headers, body), body, secret=SECRET, received=AT).changes
    [plain] = host.read("shop", signed(host, {}, PLAIN), PLAIN, secret=SECRET, received=AT).changes
    assert event == plain
    assert event.message == "Größe & Tücken = 100 %+"


@pytest.mark.parametrize("form", FORMS)
def test_the_signature_is_over_the_bytes_as_they_came(form: str) -> None:
    """Not over what they hold: that signature fits the JSON only."""
    headers, body = FORMS[form]
    wrong = signed(github, headers, PLAIN if body != PLAIN else PLAIN + b" ")
    with pytest.raises(NotSignedIn):
        github.read("shop", wrong, body, secret=SECRET, received=AT)


@pytest.mark.parametrize(
    ("headers", "body", "kind", "words"),
    [
        ({"content-type": "text/xml"}, b"<a/>", UnknownType, "type text/xml is not read.*application/json or"),
        ({"content-type": "multipart/form-data; boundary=x"}, b"--x", UnknownType, "type multipart/form-data"),
        ({"content-type": "text/plain"}, PLAIN, UnknownType, "type text/plain"),
        ({"content-type": "application/json; charset=klingon"}, PLAIN, UnknownType, "charset klingon .*UTF-8"),
        ({"content-type": "application/json; charset=zip"}, PLAIN, UnknownType, "charset zip"),
        ({"content-type": "application/json; charset=punycode"}, PLAIN, UnknownType, "charset punycode"),
        ({"content-encoding": "br"}, PLAIN, UnknownType, "compressed by br .*gzip"),
        ({"content-encoding": "gzip, gzip"}, PLAIN, UnknownType, "compressed by gzip, gzip"),
        ({"content-encoding": "gzip"}, PLAIN, UsageError, "is not gzip"),
        ({"content-encoding": "gzip"}, gzip.compress(PLAIN)[:-9], UsageError, "breaks off"),
        ({"content-encoding": "gzip"}, gzip.compress(b" " * (bodies.MOST + 1)), UsageError, "when unzipped"),
        ({"content-type": FORM}, PLAIN, UsageError, "no field payload"),
        ({"content-type": FORM}, b"payload={}&payload={}", UsageError, "several fields payload"),
        ({"content-type": FORM}, b"payload=x", UsageError, "is not JSON"),
        ({"content-type": "application/json; charset=utf-16"}, b"{", UsageError, "is not JSON"),
        ({}, b"[]", UsageError, "is not a JSON object"),
    ],
)
def test_what_is_not_read_says_why(headers: dict[str, str], body: bytes, kind: type[UsageError], words: str) -> None:
    """A type that nobody reads is told as such, with 415, and what to set."""
    with pytest.raises(kind, match=words) as caught:
        github.read("shop", signed(github, headers, body), body, secret=SECRET, received=AT)
    assert caught.value.http_status == (415 if kind is UnknownType else 422)


def test_alerts_come_in_the_same_forms() -> None:
    alert = {"title": "slow", "status": "firing"}
    body = urlencode({"payload": json.dumps(alert)}).encode()
    received = alerts.read(signed(github, {"content-type": FORM}, body), body, secret=SECRET, received=AT)
    assert [alert.name for alert in received.values()] == ["slow"]


@given(
    st.sampled_from(["application/json", FORM, "application/json; charset=utf-16", "text/html", ";;", "a/b; charset"])
    | st.text(max_size=40),
    st.sampled_from(["", "gzip", "deflate"]) | st.text(max_size=10),
    st.binary(max_size=200) | st.builds(gzip.compress, st.binary(max_size=100)),
)
def test_nothing_signed_breaks_the_reader(kind: str, encoding: str, body: bytes) -> None:
    headers = {"content-type": kind, "content-encoding": encoding}
    try:
        bodies.payload(headers, body)
    except SealaneError as error:
        assert error.exit_code == 2


def test_the_words_on_the_limit_are_right() -> None:
    """The settings' own and the page's say what the guard allows."""
    most = f"{bodies.MOST // 1024**2} MiB"
    assert most in str(Http.model_fields["max_body"].description)
    assert most in (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
