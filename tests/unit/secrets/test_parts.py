"""A document of secrets is read field by field: each of its secrets is one, and what stands beside them is none."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.secrets import forms, parts
from sealane.secrets.masking import Masker

PEM = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----\n"
ACCOUNT = {"type": "service_account", "project_id": "kiosk-prod", "private_key": PEM, "client_email": "ci@kiosk.iam.example.com",
           "token_uri": "https://oauth2.example.com/token", "private_key_id": "c0ffee0123456789abcd"}  # fmt: skip
DOCKER = {
    "auths": {"registry.example.com": {"username": "robot", "auth": base64.b64encode(b"robot:Luid-en-7").decode()}}
}

DOCUMENTS = {
    "json": (json.dumps({"user": "app", "password": 'Z"ingt', "pin": "4711", "port": "5432", "tls": "true"}), ['Z"ingt'], ["app", "5432", "true"]),
    "json in lines": (json.dumps({"a": [{"secret": "zingt"}], "engine": "postgres"}, indent=2), ["zingt"], ["postgres", '"engine": "postgres"']),
    "a field without a telling name": (json.dumps({"v": "9fK2mQ7xLzR4", "w": "open sesame now", "x": "a=b;c!"}), ["9fK2mQ7xLzR4", "open sesame now"], []),
    "names that only sound so": (json.dumps({"key_id": "kiosk", "keyboard": "qwerty", "monkey": "banana", "author": "claire", "token_type": "bearer"}), [], ["kiosk", "qwerty", "claire"]),
    "a cloud's account": (json.dumps(ACCOUNT), ["MIIEvQIBADANBgkq", "c0ffee0123456789abcd"], ["service_account", "kiosk-prod", "https://oauth2.example.com/token", "ci@kiosk.iam.example.com"]),
    "a registry's account": (json.dumps(DOCKER), ["Luid-en-7", "robot:Luid-en-7"], ["registry.example.com", "robot"]),
    "lines of variables": ("# for the app\nHOST=db.example.com\nexport DB_PASSWORD='Zingt # luid'\nTOKEN=\"zacht\"\nDEBUG=true\n", ["Zingt # luid", "zacht"], ["db.example.com", "HOST=db.example.com", "true"]),
    "yaml": ("db:\n  host: db.example.com\n  password: zingtluid\napi:\n  - token: zachtjes\nmode: production\n", ["zingtluid", "zachtjes"], ["db.example.com", "production", "db:"]),
    "yaml with a key of lines": ("name: a\ntls.key: |\n  -----BEGIN KEY-----\n  MIIEowIBAAKCAQEA\n  -----END KEY-----\n", ["MIIEowIBAAKCAQEA"], []),
    "address": ("mysql://shop:zing%2Ftluid@db.example.com/shop", ["zing%2Ftluid", "zing/tluid", "shop:zing%2Ftluid"], ["db.example.com", "shop"]),
    "address of a token": ("https://ghz_9fK2mQ7xLzR4@git.example.com/a.git", ["ghz_9fK2mQ7xLzR4"], ["git.example.com"]),
    "address of a person": ("https://claire@git.example.com/a.git", [], ["claire", "git.example.com"]),
    "address with an @ in it": ("amqp://u:p@ss:w0rd@mq.example.com", ["p@ss:w0rd"], ["mq.example.com"]),
    "address with parameters": ("https://blob.example.com/c?sv=2024&sig=Zi%2Bngt%3D&se=now", ["Zi%2Bngt%3D", "Zi+ngt="], ["blob.example.com", "2024"]),
    "settings": ("Server=db.example.com;User Id=sa;Password=Zing;Database=kiosk", ["Zing"], ["db.example.com", "kiosk"]),
    "settings of libpq": ("host=db.example.com user=kiosk password='zing\tluid' dbname=kiosk", ["zing\tluid"], ["kiosk", "db.example.com"]),
    "a storage account": ("AccountName=kiosk;AccountKey=Zm9vYmFyYmF6cXV4MTIzNA==;EndpointSuffix=example.net", ["Zm9vYmFyYmF6cXV4MTIzNA=="], ["kiosk", "example.net"]),
    "sections": ("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPL\naws_secret_access_key = Zing/tluid\nregion = eu-west-1\n", ["AKIAIOSFODNN7EXAMPL", "Zing/tluid"], ["[default]", "eu-west-1"]),
    "npmrc": ("//registry.example.com/:_authToken=zingtluid", ["zingtluid"], ["registry.example.com"]),
    "netrc": ("machine git.example.com login claire password zingt", ["zingt"], ["claire", "git.example.com"]),
    "xml": ("<settings>\n<server><id>nexus</id><username>claire</username><password>Zing&amp;t</password><proxy pass='zing tluid' host='proxy'/></server>\n</settings>", ["Zing&t", "zing tluid"], ["claire", "nexus", "<server>", "proxy"]),
    "a pair": ("robot:Zingt7luid", ["Zingt7luid"], ["robot"]),
    "a header": ("Bearer 9fK2mQ7xLzR4tV8w", ["9fK2mQ7xLzR4tV8w"], ["Bearer"]),
    "a header of a pair": ("Basic " + base64.b64encode(b"robot:Zingt7luid").decode(), ["Zingt7luid"], ["robot"]),
    "base64 of json": (base64.b64encode(b'{"password": "Zingt"}').decode(), ["Zingt"], ["password"]),
    "json in json": (json.dumps({"config": json.dumps({"password": "Zingt"})}), ["Zingt"], ["config"]),
}  # fmt: skip


@pytest.mark.parametrize("name", DOCUMENTS)
def test_parts_are_hidden_and_what_stands_beside_them_is_not(name: str) -> None:
    document, hidden, shown = DOCUMENTS[name]
    whole = Masker({"DOCUMENT": document}).whole

    for part in hidden:
        assert part not in whole(f"<{part}>"), part
        assert part not in whole(json.dumps({"of it": part}))
    for word in shown:
        assert whole(f"<{word}>") == f"<{word}>"
    assert whole(document) == "***" or whole(document.strip()) == "***"


def test_lines_of_a_text_are_secret_by_themselves_but_not_those_of_a_document() -> None:
    assert "MIIEvQIBADANBgkq" in parts.lines(PEM)
    assert not parts.lines(DOCUMENTS["yaml"][0])
    assert not parts.lines("only one")


def test_of_very_many_lines_each_is_hidden_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the first of them however they are written."""
    monkeypatch.setattr(forms, "_MOST_LINES", 100)
    listed = sorted(f"entry {number} zingt" for number in range(300))
    whole = Masker({"LIST": "\n".join(listed)}).whole

    for line in listed:
        assert whole(f"<{line}>") == "<***>"
    first, last = (whole(line.encode().hex()) for line in (listed[0], listed[-1]))
    assert (first, last) == ("***", listed[-1].encode().hex())


@given(st.text(max_size=200))
def test_any_text_is_a_part_of_itself(text: str) -> None:
    """Nothing that a stranger's secret holds ends in an exception, or in more than can be looked for."""
    parts_of_text = parts.parts(text)

    assert len(parts_of_text) <= 510
    assert all(len(part) >= parts.SHORTEST for part in parts_of_text)
    if len(text) >= parts.SHORTEST:
        assert text in parts_of_text


@pytest.mark.parametrize(
    "text", ["[" * 5000, '{"a":' * 3000 + "1" + "}" * 3000, json.dumps([f"Secret{n}x" for n in range(5000)]), "a: &a [*a]\nb: 1\n", "A=1\n" * 5000]
)  # fmt: skip
def test_a_monstrous_secret_is_bounded(text: str) -> None:
    assert len(parts.parts(text)) <= 510
