"""No secret leaves in a log, however the log is cut; all else is unchanged."""

from __future__ import annotations

import base64
import itertools
import json
import urllib.parse

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.destinations.kubernetes.messages import probes
from sealane.secrets import forms, masking

PEM = "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nab\nBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj\n-----END KEY-----\n"


def mask(secrets: list[str], pieces: list[bytes]) -> bytes:
    masker = masking.Masker({f"S{number}": secret for number, secret in enumerate(secrets)})
    return b"".join(masker.feed(piece) for piece in pieces) + masker.flush()


def cut(data: bytes, places: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(place % (len(data) + 1) for place in places)})
    return [data[start:end] for start, end in itertools.pairwise(at)]


def oracle(secrets: list[str], data: bytes) -> bytes:
    """The slow and obvious way: mark every byte of every occurrence, then write each overlapping group once."""
    wanted = set().union(*(forms.forms(secret) for secret in secrets))
    starts = [[len(form) for form in wanted if data.startswith(form, at)] for at in range(len(data))]
    out, at, until = b"", 0, 0
    while at < len(data):
        if not starts[at]:
            out += data[at : at + 1]
            at += 1
            continue
        until = at + max(starts[at])
        while at < until:
            until = max([until, *(at + length for length in starts[at])])
            at += 1
        out += masking.MASK
    return out


few = st.text(alphabet="ab1\n", min_size=4, max_size=10).filter(lambda text: len(text.strip()) >= 4)
secrets_of_few_letters = st.lists(few, min_size=1, max_size=3)


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[str], bytes]:
    """Texts made of the letters of the secrets and of the secrets themselves, so that near misses are common."""
    secrets = draw(secrets_of_few_letters)
    parts = draw(st.lists(st.one_of(st.sampled_from(secrets), st.text(alphabet="ab1\n.", max_size=6)), max_size=8))
    return secrets, "".join(parts).encode()


@given(logs(), st.lists(st.integers(min_value=0, max_value=200), max_size=12))
def test_for_any_cutting_exactly_the_secrets_are_masked(log: tuple[list[str], bytes], places: list[int]) -> None:
    """Followed by a line's end that no form begins with, the outcome is that of the obvious way, whatever the cuts."""
    secrets, data = log
    data += b"\xff"
    assert mask(secrets, cut(data, places)) == oracle(secrets, data)


@given(logs(), st.lists(st.integers(min_value=0, max_value=200), max_size=12))
def test_no_secret_appears_at_any_moment_nor_at_a_sudden_end(log: tuple[list[str], bytes], places: list[int]) -> None:
    """Nor is the beginning of one shown while the rest may follow: what was shown is a prefix of the right outcome."""
    secrets, data = log
    masker = masking.Masker(dict(zip("XYZ", secrets, strict=False)))
    whole = oracle(secrets, data + b"\xff")
    shown = b""
    for piece in cut(data, places):
        shown += masker.feed(piece)
        assert whole.startswith(shown)
    shown += masker.flush()
    assert not any(form in shown for secret in secrets for form in forms.forms(secret))


@given(st.binary(max_size=300), st.lists(st.integers(min_value=0, max_value=300), max_size=9))
def test_binary_output_without_a_secret_is_unchanged(data: bytes, places: list[int]) -> None:
    assert mask(["a-secret-nobody-prints"], cut(data, places)) == data


@given(
    st.text(min_size=4, max_size=40).filter(lambda text: len(text.strip()) >= 4),
    st.binary(max_size=5),
    st.binary(max_size=5),
)
def test_base64_of_a_text_around_the_secret_shows_none_of_it(secret: str, before: bytes, after: bytes) -> None:
    """At each of the three alignments, in both alphabets, no four characters that stand for the secret alone remain."""
    whole = before + secret.encode() + after
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        encoded = encode(whole)
        masked = mask([secret], [encoded])
        assert masking.MASK in masked
        assert len(masked) - 3 <= len(encoded) - (len(secret.encode()) * 8 // 6 - 1)


def test_a_secret_of_many_lines_is_masked_line_by_line_and_as_a_whole() -> None:
    shown = mask([PEM], [b"before\n" + PEM.encode() + b"after\n"])
    assert shown == b"before\n***after\n"
    lines = mask([PEM], [f"  {line}\r\n".encode() for line in PEM.splitlines()])
    assert lines == b"  ***\r\n  ***\r\n  ab\r\n  ***\r\n  ***\r\n"


@pytest.mark.parametrize(
    "form",
    [
        base64.b64encode(PEM.encode()),
        base64.encodebytes(PEM.encode()),
        urllib.parse.quote(PEM, safe="").encode(),
        urllib.parse.quote_plus(PEM).encode(),
        json.dumps({"key": PEM}).encode(),
    ],
    ids=["base64", "base64 in lines", "url", "form", "json"],
)
def test_encoded_secrets_are_masked(form: bytes) -> None:
    shown = mask([PEM], [b"<", form, b">"])
    assert b"MIIEvQ" not in shown
    assert b"TUlJRXZR" not in shown
    assert b"BKcwggSj" not in shown
    assert masking.MASK in shown


def test_a_secret_split_over_pieces_is_masked_once() -> None:
    masker = masking.Masker({"TOKEN": "hunter2-hunter2"})
    assert masker.feed(b"token=hunt") == b"token="
    assert masker.feed(b"er2-") == b""
    assert masker.feed(b"hunter2\n") == b"***\n"


def test_what_only_looked_like_a_secret_comes_whole() -> None:
    masker = masking.Masker({"TOKEN": "hunter2-hunter2"})
    assert masker.feed(b"hunter") + masker.feed(b"-gatherer\n") == b"hunter-gatherer\n"


def test_a_secret_cut_off_by_the_end_of_the_log_is_masked_too() -> None:
    assert mask(["hunter2-hunter2"], [b"token=hunter2-hun"]) == b"token=***"


def test_only_what_may_be_a_beginning_is_kept() -> None:
    """A prompt without a line's end goes on at once."""
    assert masking.Masker({"TOKEN": "hunter2-hunter2"}).feed(b"Continue? [y/n] ") == b"Continue? [y/n] "


@pytest.mark.parametrize("secret", ["", "abc", " abc\n"])
def test_a_secret_too_short_to_mask_is_refused_with_the_reason(secret: str) -> None:
    with pytest.raises(masking.TooShort, match=r"secret PIN: shorter than 4 characters, which can't be masked"):
        masking.Masker({"PIN": secret, "TOKEN": "long enough"})


def test_a_reason_is_masked_as_a_whole() -> None:
    assert masking.Masker({"TOKEN": "hunter2"}).whole("exec: hunter2: not found") == "exec: ***: not found"


SPOKEN = "Zx81-spectrum_48K"
WRITTEN_AS = [SPOKEN, base64.b64encode(SPOKEN.encode()).decode(), SPOKEN.encode().hex()]


@pytest.mark.parametrize("written", WRITTEN_AS)
@given(st.data())
def test_a_text_that_was_cut_inside_a_secret_shows_no_part_of_it(written: str, data: st.DataObject) -> None:
    """A kubelet keeps so many bytes of what containers say: the first, or the last of a log."""
    begun, left = (data.draw(st.integers(0, len(written)), label=name) for name in ("begun", "left"))
    text = f"{written[begun:]} {'no ' * 400}{written[:left]}{data.draw(st.sampled_from(['', '…', '...']))}"
    shown = masking.Masker({"TOKEN": SPOKEN}).whole(text)
    parts = {written[at : at + 4] for at in range(len(written) - 3)}
    # of hexadecimal digits and base64 the ends may belong to what stands beside the secret
    assert not [part for part in parts if part in shown[: len(shown) // 2] and len(written) - begun >= 8]
    assert not [part for part in parts if part in shown[len(shown) // 2 :] and left >= 8]


@pytest.mark.parametrize("text", ["it is Zx81", "spectrum_48K it is", "Zx81-spectrum is no key here"])
def test_a_short_text_that_was_not_cut_stays(text: str) -> None:
    assert masking.Masker({"TOKEN": SPOKEN}).whole(text) == text


def test_a_mark_says_that_a_short_text_was_cut() -> None:
    assert masking.Masker({"TOKEN": SPOKEN}).whole("it is Zx81-spe…") == "it is ***…"
    assert masking.Masker({"TOKEN": SPOKEN}).whole("48K it is Zx81-spe...") == "48K it is ***..."


def test_a_secret_is_known_in_one_line() -> None:
    """Verdicts tell what was said in one line."""
    assert masking.Masker({"TOKEN": "correct  horse\n\tstaple"}).whole("said correct horse staple") == "said ***"


def test_last_words_that_were_cut_behind_blanks_are_known_to_be_cut() -> None:
    """A kubelet keeps 4096 bytes; blanks are left out before anything is masked."""
    last = f"{' ' * 4090}{SPOKEN}"[:4096]
    assert masking.Masker({"TOKEN": SPOKEN}).whole(probes.shorten(last)) == "***…"
    assert probes.shorten("no such table") == "no such table"
