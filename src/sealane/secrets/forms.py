"""The forms of a secret in a log: the results of common encoders. Pure: knows nothing about logs."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator

from sealane import controls
from sealane.secrets import parts

SHORTEST = parts.SHORTEST
"""Characters; anything shorter appears in many lines by chance."""

_MOST_LINES = 1000
"""Most lines whose forms are all searched; of further lines, only the plain text."""
_URL_SAFE = ("", "/", "*", "!'()*", "/!'()*", ";,/?:@&=+$!*'()#")
"""Characters that URL encoders keep: Python's two, Java's, JavaScript's two, and one for paths."""
_GUARDED = ("[<>&\u2028\u2029]", "[<>&'\u2028\u2029]")
"""Characters that JSON encoders of Go and others write as numbers, for use in HTML pages."""
_XML = {"&": "amp", "<": "lt", ">": "gt", '"': "quot", "'": "apos"}
_NUMBERS = ("&#{};", "&#x{:x};", "&#x{:X};")
_ANSI = {"\n": r"\n", "\t": r"\t", "\r": r"\r", "\a": r"\a", "\b": r"\b", "\f": r"\f", "\v": r"\v", "\x1b": r"\E"}


def forms(secret: str) -> frozenset[bytes]:
    """Every byte string that reveals the secret: itself, its parts, its lines, and all their encoded forms."""
    written: set[bytes] = set()
    texts = parts.parts(secret)
    lines = sorted(frozenset().union(*map(parts.lines, texts)) - texts)
    written |= {as_bytes(line) for line in lines[_MOST_LINES:]}
    for part in texts.union(lines[:_MOST_LINES]):
        written |= {as_bytes(text) for text in {part, *_written(part)}}
        written |= _encoded(as_bytes(part)) | _in_base64(part.encode("utf-16-le", "surrogatepass"))
    written |= {controls.visible(form).data for form in written}
    return frozenset(form for form in written if len(form) >= SHORTEST)


def as_bytes(text: str) -> bytes:
    """A secret's bytes; for binary data read with `surrogateescape`, the original ones."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def _written(text: str) -> Iterator[str]:
    """The text as programs write it into other texts."""
    yield from _in_urls(text)
    yield from _in_json(text)
    yield from _in_python(text)
    yield from _in_xml(text)
    yield from _in_shell(text)
    yield " ".join(text.split())  # texts shown in one line
    yield text.replace("'", "''")  # YAML, SQL
    yield text.replace('"', '""')  # CSV


def _encoded(data: bytes) -> set[bytes]:
    written = _in_base64(data)
    for encode in (base64.b32encode, base64.b32hexencode):
        sure = _sure(encode, data, group=5, bits=5)
        written |= sure | {form.lower() for form in sure}
    digits = data.hex()
    escaped = {"".join(f"{sign}{byte:02x}" for byte in data) for sign in (r"\x", "%")}
    return (
        written
        | {text.encode() for text in (digits, digits.upper(), *escaped)}
        | {re.sub(rb"[a-f]", lambda digit: digit[0].upper(), text.encode()) for text in escaped}
    )


def _in_base64(data: bytes) -> set[bytes]:
    """The certain part of base64 of any text around the secret, at each of the three alignments."""
    encodings = _sure(base64.b64encode, data, group=3, bits=6)
    encodings |= {form.translate(bytes.maketrans(b"+/", b"-_")) for form in encodings}
    return encodings | {urllib.parse.quote(form, safe="").encode() for form in encodings}


def _sure(encode: Callable[[bytes], bytes], data: bytes, *, group: int, bits: int) -> set[bytes]:
    """The characters that encode the data alone, whatever its position in a group of bytes."""
    sure = set()
    for offset in range(group):
        encoded = encode(bytes(offset) + data + bytes(group))
        first = -(-offset * 8 // bits)
        sure.add(encoded[first : (offset + len(data)) * 8 // bits])
    return sure


def _in_urls(text: str) -> Iterator[str]:
    encoded = {urllib.parse.quote(as_bytes(text), safe=safe) for safe in _URL_SAFE}
    encoded |= {url.replace("%20", "+") for url in encoded}
    encoded |= {urllib.parse.quote(url, safe="") for url in encoded}
    for url in encoded:
        yield url
        yield re.sub(r"%[0-9A-F]{2}", lambda escape: escape[0].lower(), url)


def _in_json(text: str) -> Iterator[str]:
    for ascii_only in (True, False):
        once = json.dumps(text, ensure_ascii=ascii_only)[1:-1]
        guarded = (re.sub(signs, lambda sign: f"\\u{ord(sign[0]):04x}", once) for signs in _GUARDED)
        for form in (once, once.replace("/", r"\/"), *guarded):
            yield form
            yield re.sub(r"\\u[0-9a-f]{4}", lambda escape: r"\u" + escape[0][2:].upper(), form)
        yield json.dumps(once, ensure_ascii=ascii_only)[1:-1]
    yield "".join(f"\\u{ord(letter):04x}" for letter in text)
    yield re.sub("[\U00010000-\U0010ffff]", lambda sign: f"\\U{ord(sign[0]):08X}", once)  # YAML


def _in_python(text: str) -> Iterator[str]:
    """In both kinds of quotes, as text and as bytes."""
    for shown in (repr(text)[1:-1], repr(as_bytes(text))[2:-1], ascii(text)[1:-1]):
        bare = shown.replace(r"\'", "'")
        yield from (shown, bare, bare.replace("'", r"\'"), bare.replace('"', r"\""))


def _in_xml(text: str) -> Iterator[str]:
    """Special characters as names or numbers, few or all; line ends unchanged or as numbers, as in attributes."""
    for signs in ("&<>", "&<", '&<>"', "&<>\"'"):
        named = "".join(f"&{_XML[sign]};" if sign in signs else sign for sign in text)
        for quote in ("&apos;", "&#39;", "&#x27;"):
            base = named.replace("&apos;", quote)
            yield from (base, base.replace("&quot;", "&#34;"))
            for number in _NUMBERS:
                for others in ("[\n\t\r]", "[\n\t\r\x80-\U0010ffff]"):
                    yield _numbered(others, number, base)
    for number in _NUMBERS:
        for others in ("[&<>\"']", "[^A-Za-z0-9]", r"[\s\S]"):
            yield _numbered(others, number, text)
    yield html.escape(html.escape(text))


def _numbered(signs: str, number: str, text: str) -> str:
    return re.sub(signs, lambda sign: number.format(ord(sign[0])), text)


def _in_shell(text: str) -> Iterator[str]:
    """As bash, dash and zsh print variables and trace commands, without the outer quotes."""
    for quote in (r"'\''", "'\"'\"'", r"\'"):
        yield text.replace("'", quote)
    yield re.sub(r'(["\\$`])', r"\\\1", text)
    yield re.sub(r'(["\\$`!])', r"\\\1", text)
    yield re.sub(r"([ \t'\"|&;()<>!{}*\[\]?^$`,\\]|^[#~]|(?<=[=:])~)", r"\\\1", text)  # printf %q
    yield re.sub(r"[\x00-\x1f]+", _gnu, text.replace("'", r"'\''"))
    escaped = "".join(_ANSI.get(sign, "\\" + sign if sign in "'\\" else sign) for sign in text)
    for other in (r"\x1b", r"\e", r"\033"):
        yield escaped.replace(r"\E", other)
    yield escaped
    yield "".join(text if text.isascii() else "".join(f"\\{byte:03o}" for byte in as_bytes(text)) for text in escaped)


def _gnu(controls: re.Match[str]) -> str:
    """Control characters as GNU programs write them between quotes."""
    return "'$'" + "".join(_ANSI.get(sign, f"\\{ord(sign):03o}") for sign in controls[0]) + "''"
