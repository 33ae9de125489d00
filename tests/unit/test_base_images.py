"""A Dockerfile names the images that its build fetches; nothing that an engine would fetch goes unseen."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.images.base_images import Base, named, needs

CASES = {
    "one": ("FROM alpine:3\n", ["alpine:3"]),
    "lower case, comment, tab": ("# a\n\nfrom\talpine:3\n", ["alpine:3"]),
    "a platform": ("FROM --platform=linux/amd64 quay.io/a/b:1 AS base\nFROM base\n", ["quay.io/a/b:1"]),
    "stages": ("FROM a AS One\nFROM one AS two\nCOPY --from=two /x /x\nCOPY --from=0 /x /x\n", ["a"]),
    "a number that is no stage": ("FROM a\nCOPY --from=7 / /\n", ["a", "7"]),
    "a later stage's name is an image before": ("FROM a\nCOPY --from=late / /\nFROM b AS late\n", ["a", "late", "b"]),
    "copied from an image": (
        "FROM scratch\nCOPY --chown=1 --from=evil.example.com/x:1 /a /b\n",
        ["evil.example.com/x:1"],
    ),
    "mounted from an image": (
        "FROM a\nRUN --mount=type=bind,from=10.0.0.5:5000/x,target=/x --mount=type=cache,target=/c true\n",
        ["a", "10.0.0.5:5000/x"],
    ),
    "on build": ("FROM a\nONBUILD COPY --from=10.0.0.5/x /a /b\n", ["a", "10.0.0.5/x"]),
    "continued": ("FROM \\\n  # in between\n  10.0.0.5/a/b:1 \\\n  AS x\n", ["10.0.0.5/a/b:1"]),
    "another escape": ("# escape=`\nFROM `\n  alpine\n", ["alpine"]),
    "continued to the end": ("FROM alpine \\", ["alpine"]),
    "arguments": ("ARG host=quay.io\nARG image=${host}/a\nFROM $image:1\n", ["quay.io/a:1"]),
    "a default in place": ("FROM ${base:-alpine:3}\n", ["alpine:3"]),
    "an alternative": ("ARG x=1\nFROM a${x:+-slim}\n", ["a-slim"]),
    "quotes": ('ARG base="alpine:3"\nFROM "$base"\n', ["alpine:3"]),
    "an argument after FROM says nothing of FROM": ("FROM a\nARG base=b\nFROM ${base:-c}\n", ["a", "c"]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_images_of_a_dockerfile(case):
    text, expected = CASES[case]
    assert list(named(text, {})) == expected


def test_arguments_of_the_build_win():
    text = "ARG base=alpine\nARG other\nFROM $base\nFROM $other\n"
    assert named(text, {"base": "10.0.0.9/a", "other": "b", "unused": "c"}) == ("10.0.0.9/a", "b")


WORD = st.sampled_from(
    ["FROM", "from", "ARG", "COPY", "RUN", "\\", "`", "#", "AS", "--from=x.y/z", "$a", "${a:-b}", "a=b", '"']
)


@given(st.lists(st.lists(WORD, max_size=6).map(" ".join), max_size=8).map("\n".join))
def test_nothing_breaks_it(text):
    assert all(isinstance(word, str) and word for word in named(text, {"a": "c"}))


@given(
    st.sampled_from(["10.1.2.3:5000/x:1", "evil.example.com/x"]),
    st.lists(st.sampled_from(["", "# b", "ARG a=1", "FROM z AS q"])),
)
def test_an_image_is_seen_wherever_it_is_named(image, before):
    for line in (f"FROM {image}", f"COPY --from={image} / /", f"RUN --mount=from={image},target=/x true"):
        assert image in named("\n".join([*before, "FROM y", line]), {})


ADDS = {
    "none": ("ADD a b c/\nADD dir/$X app-$TARGETARCH.tar /\nCOPY http://h/x /\n", []),
    "one": ("ADD --chmod=755 http://h/x /x\n", ["http://h/x"]),
    "capitals": ("add HTTPS://h/x /x\n", ["HTTPS://h/x"]),
    "a repository": ("ADD git@h:a/b.git /x\n", ["git@h:a/b.git"]),
    "JSON": ('ADD ["a", "https://h/x", "/x"]\n', ["https://h/x"]),
    "quotes and escapes": ('ADD h"tt"p://h/a \\http://h/b /x\n', ["http://h/a", "http://h/b"]),
    "on build": ("ONBUILD ADD http://h/x /x\n", ["http://h/x"]),
    "variables": ("ARG S=http\nENV H h\nADD ${S}://$H/x /x\n", ["http://h/x"]),
    "a default": ("ADD ${U:-http://h/x} /x\n", ["http://h/x"]),
    "an alternative": ("ARG U=1\nADD ${U:+http://h/x} /x\n", ["http://h/x"]),
    "given": ("ARG GIVEN\nADD $GIVEN /x\n", ["http://given/"]),
    "unknown": ("ADD $U /x\n", ["$U"]),
    "unknown host": ("ADD http://$U/x /x\n", ["http://$U/x"]),
    "unknown form": ("ENV U=a\nADD ${U#b} /x\n", ["${U#b}"]),
    "in a circle": ("ENV A=$B B=$A\nADD $A /x\n", ["$$A"]),
    "of the base": ("ADD $BASE /x\n", ["http://base/"]),
}


@pytest.mark.parametrize("case", ADDS)
def test_the_urls_of_a_dockerfile(case):
    text, expected = ADDS[case]
    base = Base(environment={"BASE": "http://base/"}, triggers=())
    assert list(needs(f"FROM a\n{text}", {"GIVEN": "http://given/"}, {"a": base}).urls) == expected


def test_what_bases_left_is_read_where_something_is_built_on_them():
    left = Base(environment={"U": "http://e/"}, triggers=("ADD $U /x", "COPY --from=evil.example.com/x / /"))
    read = needs("FROM --platform=linux/arm64 a AS one\nFROM b\nFROM one\nCOPY --from=c / /\n", {}, {"a": left})
    assert read.bases == {"a": "linux/arm64", "b": ""}
    assert read.images == ("a", "evil.example.com/x", "b", "c")
    assert read.urls == ("http://e/",)


@given(st.lists(st.sampled_from(["$a", "${b}", "${a:-http://h/}", "http", "://", "h/", "\\", '"', "x"]), max_size=6))
def test_no_url_of_add_goes_unseen(parts):
    """Whatever its words are made of: what a shell would make a URL of is one here, or can't be told."""
    source = "".join(parts)
    values = {"a": "http", "b": "://h/"}
    meant = source.replace("${a:-http://h/}", values["a"]).replace("$a", values["a"]).replace("${b}", values["b"])
    read = needs(f"FROM z\nENV a=http b=://h/\nADD {source} /x\n", {}).urls
    if meant.replace('"', "").replace("\\", "").startswith("http://"):
        assert read
