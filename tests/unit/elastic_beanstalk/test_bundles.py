"""Source bundles: what is wrong in them is found with its place, and a hostile one is never unpacked."""

from __future__ import annotations

import io
import stat
import struct
import warnings
import zipfile

import pytest

from sealane.destinations.elastic_beanstalk import bundle_archive, bundle_check
from tests.aws.bundles import GOOD, archive

V1 = '{"AWSEBDockerrunVersion": "1", "Image": {"Name": "a/b"}}'


def told(content: bytes) -> list[str]:
    return [str(finding) for finding in bundle_check.check(io.BytesIO(content), "b.zip").findings]


def test_a_good_one_names_its_images() -> None:
    checked = bundle_check.check(io.BytesIO(archive()), "b.zip")
    assert (checked.findings, checked.images) == ((), ("registry.example.com/shop:1",))
    compose = {
        "docker-compose.yml": "services:\n  web: {image: a/b}\n  db: {build: .}\n",
        "Dockerrun.aws.json": '{"AWSEBDockerrunVersion": 3}',
    }
    assert bundle_check.check(io.BytesIO(archive(compose)), "b.zip").images == ("a/b",)
    bare = V1.replace("}}", '}, "Ports": [{"ContainerPort": "80"}]}')
    assert bundle_check.check(io.BytesIO(bare.encode()), "b.zip").images == ("a/b",)


@pytest.mark.parametrize(
    ("path", "text", "words"),
    [
        (".ebextensions/a.config", "commands:\n  a: {command: [}\n", ".ebextensions/a.config:2:"),
        (".ebextensions/a.config", '{"files": {"a": 1,, }}', ".ebextensions/a.config:1:"),
        (".ebextensions/a.config", "comands: {}\n", ".ebextensions/a.config:1:1: no configuration file has comands"),
        (".ebextensions/a.config", "files: {}\nfiles: {}\n", ".ebextensions/a.config:2:1"),
        (".ebextensions/a.config", "option_settings:\n  - {namespace: a, option_name: b}\n", ".ebextensions/a.config:2:5: an option setting needs value"),
        (".ebextensions/a.config", "- a\n", "it is no mapping"),
        (".ebextensions/a.config", "a: &a [x]\nb: &b [*a,*a]\n" + "c: [*b,*b]\n", "no configuration file has"),
        ("Dockerrun.aws.json", V1, "an image needs Ports"),
        ("Dockerrun.aws.json", '{"AWSEBDockerrunVersion": 2}', "Dockerrun.aws.json:1:27: version 2 is of a platform that is retired"),
        ("Dockerrun.aws.json", '{"AWSEBDockerrunVersion": 4}', "there is no AWSEBDockerrunVersion 4"),
        ("Dockerrun.aws.json", "{}", "AWSEBDockerrunVersion is missing"),
        ("Dockerrun.aws.json", '{"AWSEBDockerrunVersion": 3, "authentication": {"Bucket": "x"}}', "needs bucket and key"),
        ("docker-compose.yml", "services:\n  web: {ports: []}\n", "docker-compose.yml:2:8: service web has neither an image nor a build"),
        ("docker-compose.yml", "version: '3'\n", "it has no services"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(path: str, text: str, words: str) -> None:
    assert any(words in finding for finding in told(archive({"Procfile": "web: x", path: text})))


@pytest.mark.parametrize(
    "name",
    ["../evil", "/etc/passwd", "a/../../b", "..\\evil", "C:/evil", "a\x1b[2Jb", "a\x00b", "a\u202eb", "x" * 1025],
)
def test_names_that_lead_out_or_can_not_be_shown_are_refused(name: str) -> None:
    content = (
        archive({"Procfile": "web: x", "AAAA": "x"})
        if "\x00" not in name
        else archive({"aXb": "x"}).replace(b"aXb", b"a\x00b")
    )
    if "\x00" not in name:
        content = archive({name: "x", "Procfile": "web: x"})
    found = told(content)
    assert found
    assert not any(character in finding for finding in found for character in "\x1b\x00\u202e")


def test_links_that_lead_out_and_devices_are_refused() -> None:
    for target, mode in (("../../etc", stat.S_IFLNK), ("/etc/shadow", stat.S_IFLNK), ("", stat.S_IFCHR)):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as packed:
            entry = zipfile.ZipInfo("link")
            entry.create_system, entry.external_attr = 3, (mode | 0o777) << 16
            packed.writestr(entry, target)
        assert told(made.getvalue())


def test_bombs_are_refused_without_being_unpacked() -> None:
    """Files that share their bytes, a size that is too large, and a size that is a lie."""
    one = archive({"Procfile": "web: x", "a": b"0" * 100_000})
    directory = one.index(b"PK\x01\x02")
    entries = one[directory : one.rindex(b"PK\x05\x06")]
    second = entries[entries.index(b"PK\x01\x02", 4) :].replace(b"a", b"b", 1)
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 3, 3, len(entries) + len(second), directory, 0)
    assert any("share the same bytes" in finding for finding in told(one[:directory] + entries + second + end))
    huge = bytearray(one)
    at = one.index(b"PK\x01\x02", directory + 4) + 24
    huge[at : at + 4] = struct.pack("<L", 2**32 - 2)
    again = bytes(huge)
    assert any("unpacks to" in finding for finding in told(again))
    liar = archive({".ebextensions/a.config": "#" * (bundle_archive.MOST_READ * 20)})
    assert any("too large" in finding for finding in told(liar))


def test_no_archive_makes_the_check_read_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that is read as a whole, and files that are read as YAML one after the other."""
    many = {f".ebextensions/{number}.config": "files: {}\n" for number in range(201)}
    assert any("it has 201 configuration files" in finding for finding in told(archive(many)))
    large = {f".ebextensions/{number}.config": "#" * 1_000_000 for number in range(5)}
    assert any("it has 5 configuration files of 5000000 bytes" in finding for finding in told(archive(large)))
    monkeypatch.setattr(bundle_archive, "MOST_DIRECTORY", 16 * 1024)
    names = {f"{number}-{'x' * 200}": "" for number in range(200)}
    assert told(archive(names)) == ["b.zip: the list of its files is too long (at most 50000 files)"]


@pytest.mark.parametrize(
    "content",
    [b"", b"PK\x03\x04", b"PK\x05\x06" + b"\x00" * 18, b"hello", b"\x00" * 4096, b"PK\x05\x06" + b"\xff" * 18],
)
def test_what_is_no_archive_is_said_to_be_none(content: bytes) -> None:
    assert told(content)


def test_a_damaged_archive_never_breaks_the_check() -> None:
    """Every byte of a good one turned once."""
    good = archive(GOOD)
    for number in range(len(good)):
        damaged = bytearray(good)
        damaged[number] ^= 0xFF
        bundle_check.check(io.BytesIO(bytes(damaged)), "b.zip")


def test_usual_mistakes_are_named() -> None:
    assert any("archive the folder's content" in finding for finding in told(archive({"shop/Procfile": "web: x"})))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w") as packed:
            packed.writestr("a", "1")
            packed.writestr("a", "2")
    assert any("twice" in finding for finding in told(made.getvalue()))
