"""However a program writes a secret, the log shows nothing of it; what only looks alike stays."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import re
import shlex
import urllib.parse
from collections.abc import Callable
from functools import cache
from xml.sax import saxutils

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.secrets import forms
from sealane.secrets.masking import MASK, Masker
from tests.properties import examples

PIECES = ("Kanarie", "vogel7", "Zingt")
"""What must never be read in a log; no encoder changes these letters alone."""

SECRETS = {
    "plain": "".join(PIECES),
    "an apostrophe": "Kanarie'vogel7'Zingt",
    "quotes": 'Kanarie"vogel7"Zingt',
    "markup": "Kanarie<vogel7>&Zingt",
    "shell": "Kanarie$vogel7 `Zingt`!",
    "backslash": "Kanarie\\vogel7\\Zingt",
    "signs of addresses": "Kanarie/vogel7?a=Zingt&+#%:@",
    "a line's end": "Kanarie\nvogel7\tZingt",
    "other letters": "Kanarieé€vogel7ü Zingt",
    "outside the plane": "Kanarie\U0001f426vogel7-Zingt",
    "all of it": "Kanarie'\"<>&$`\\ vogel7 é/+%!{}*~|;()[]Zingt",
}


@cache
def _masker(secret: str) -> Masker:
    """Finding its forms takes longer than a test."""
    return Masker({"CANARY": secret})


def masked(secret: str, printed: bytes) -> bytes:
    masker = _masker(secret).another()
    return masker.feed(printed) + masker.flush()


def quoted(text: str, safe: str) -> str:
    return urllib.parse.quote(text, safe=safe)


def lowered(text: str) -> str:
    return re.sub(r"%..", lambda escape: escape[0].lower(), text)


ENCODERS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "json": lambda text: json.dumps(text)[1:-1],
    "json of letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "json in json": lambda text: json.dumps(json.dumps(text)[1:-1])[1:-1],
    "json of php": lambda text: json.dumps(text)[1:-1].replace("/", r"\/"),
    "json of go": lambda text: re.sub("[<>&]", lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(text)[1:-1]),
    "json of escapes": lambda text: "".join(f"\\u{ord(letter):04x}" for letter in text),
    "repr": lambda text: repr(text)[1:-1],
    "ascii": lambda text: ascii(text)[1:-1],
    "repr of bytes": lambda text: repr(text.encode())[2:-1],
    "url": lambda text: quoted(text, ""),
    "url in small letters": lambda text: lowered(quoted(text, "")),
    "path": lambda text: quoted(text, "/"),
    "form": urllib.parse.quote_plus,
    "encodeURIComponent": lambda text: quoted(text, "!'()*"),
    "encodeURI": lambda text: quoted(text, ";,/?:@&=+$-_.!~*'()#"),
    "url twice": lambda text: quoted(quoted(text, ""), ""),
    "all percent": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "html": html.escape,
    "html but quotes": lambda text: html.escape(text, quote=False),
    "xml text": saxutils.escape,
    "xml attribute": lambda text: saxutils.quoteattr(text)[1:-1],
    "xml with names": lambda text: saxutils.escape(text, {"'": "&apos;", '"': "&quot;"}),
    "xml with numbers": lambda text: "".join(f"&#{ord(s)};" if s in "<>&'\"" else s for s in text),
    "xml all decimal": lambda text: "".join(f"&#{ord(s)};" for s in text),
    "xml all hexadecimal": lambda text: "".join(f"&#x{ord(s):x};" for s in text),
    "xml all HEXADECIMAL": lambda text: "".join(f"&#x{ord(s):X};" for s in text),
    "html twice": lambda text: html.escape(html.escape(text)),
    "base64": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "base64 for urls": lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
    "base64 in a url": lambda text: quoted(base64.b64encode(text.encode()).decode().rstrip("="), ""),
    "base64 of powershell": lambda text: base64.b64encode(text.encode("utf-16-le")).decode().rstrip("="),
    "base32": lambda text: base64.b32encode(text.encode()).decode().rstrip("="),
    "base32 in small letters": lambda text: base64.b32encode(text.encode()).decode().rstrip("=").lower(),
    "hex": lambda text: text.encode().hex(),
    "HEX": lambda text: text.encode().hex().upper(),
    "escaped bytes": lambda text: "".join(f"\\x{byte:02x}" for byte in text.encode()),
    "shlex": lambda text: shlex.quote(text).removeprefix("'").removesuffix("'"),
    "yaml": lambda text: text.replace("'", "''"),
    "yaml in double quotes": lambda text: yaml.dump(text, default_style='"', width=999, allow_unicode=True).strip()[
        1:-1
    ],
    "csv": lambda text: text.replace('"', '""'),
}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("name", ENCODERS)
def test_no_encoder_gets_a_secret_past_the_mask(name: str, secret: str) -> None:
    """Nothing of it stays but the last digit of base64 and its like, which also stands for what follows."""
    encoded = ENCODERS[name](secret).encode()
    shown = masked(secret, b"see " + encoded + b" there")

    assert MASK in shown
    assert len(shown) <= len(b"see *** there") + 2, shown
    assert not any(piece.encode() in shown for piece in PIECES)


@settings(max_examples=examples(40))
@given(st.text(min_size=4, max_size=30).filter(lambda text: len(text.strip()) >= 4))
def test_any_secret_has_forms_and_is_hidden_in_each(secret: str) -> None:
    try:
        secret.encode()
    except UnicodeEncodeError:
        return
    masker = Masker({"CANARY": secret})
    for form in forms.forms(secret):
        assert masker.feed(b"\xff" + form + b"\xff") + masker.flush() == b"\xff***\xff"


def test_a_secret_that_is_no_text_is_hidden_too() -> None:
    """Read so that its bytes are kept."""
    key = bytes(range(200, 240))
    masker = Masker({"KEY": key.decode(errors="surrogateescape")})

    for printed in (key, base64.b64encode(key), key.hex().encode(), repr(key)[2:-1].encode()):
        assert len(masker.feed(b"<" + printed + b">\xff") + masker.flush()) <= len(b"<***>\xff") + 3


def test_letters_of_two_bytes_are_hidden() -> None:
    """The zeros between them are control characters."""
    printed = "see Kanarie-vogel7\n".encode("utf-16-le")

    assert b"v\0o\0g\0e\0l" not in masked("Kanarie-vogel7", printed)


def test_ordinary_text_stays() -> None:
    """Logs are for reading: of many secrets of every kind nothing else is blacked out."""
    ordinary = (
        b"2026-11-29T14:00:00Z INFO listening on http://0.0.0.0:8080/health (postgres 16.3)\n"
        b'{"level":"info","msg":"connected","host":"db.example.com","port":5432,"ok":true,"engine":"postgres"}\n'
        b"npm warn deprecated rimraf@3.0.2: Rimraf versions prior to v4 are no longer supported\n"
        b"sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08 pulled in 1.2s 100%\n"
        b"apiVersion: v1\nkind: Config\nusers:\nclusters:\n- name: dev\n  user: admin\n"
        b"<testcase name='a &amp; b' time='0.1'/> \xe2\x9c\x93 passed \x1b[32mgreen\x1b[0m\r\n"
    )
    documents = {
        "RDS": json.dumps({"username": "postgres", "password": "Zingt-9-Luid", "host": "db.example.com", "port": 5432,
                           "engine": "postgres", "ssl": "true", "name": "admin"}),
        "URL": "postgres://admin:Zingt9Luid@db.example.com:5432/postgres?sslmode=require",
        "KUBECONFIG": "apiVersion: v1\nkind: Config\nusers:\n- name: dev\n  user: {token: Zingt9Luid00}\nclusters: []\n",
        "ENV": "HOST=db.example.com\nPORT=5432\nDEBUG=true\nPASSWORD='Zingt Luid'\n",
    }  # fmt: skip
    masker = Masker({**documents, **SECRETS})

    assert masker.feed(ordinary) + masker.flush() == ordinary


def test_rows_of_csv_and_xml_reports_are_masked_where_they_are_written() -> None:
    secret = SECRETS["all of it"]
    row = io.StringIO()
    csv.writer(row).writerow(["a", secret])
    report = f"<failure message={saxutils.quoteattr(secret)}>{saxutils.escape(secret)}</failure>"

    assert masked(secret, row.getvalue().encode()) == b'a,"***"\r\n'
    assert masked(secret, report.encode()).count(MASK) == 2
