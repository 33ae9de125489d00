"""What an engine fetches for a Dockerfile: images of FROM, COPY --from and RUN --mount=from, and URLs of ADD. Pure.

By the rules of the Dockerfile reference (docs.docker.com/reference/dockerfile): continued lines, the `escape` directive, ARG
before the first FROM, stages. What can't be resolved is returned as written, so that the check refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(\S+)\s*$")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?([-+])([^{}]*))?\}|(\w+))")
_OPTION = re.compile(r"--from=(\S+)")
_MOUNTED = re.compile(r"--mount=\S*?\bfrom=([^,\s]+)")
_WORD = re.compile(r"""(?:[^\s"']|"[^"]*"|'[^']*')+""")
_QUOTING = re.compile(r"""[\\"']""")
_SCRATCH = "scratch"
_PLATFORM = re.compile(r"--platform=(\S+)")
_SCHEMES = ("http://", "https://", "git://", "git@", "ssh://", "ftp://", "docker-image://", "oci-layout://")
_LONGEST = 4096
_VALUES = 64
"""Values of variables that are tried in one source of ADD; a source with more is not resolved."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Base:
    """What an image passes on to images built on it."""

    environment: Mapping[str, str]
    triggers: tuple[str, ...]
    """Instructions that `ONBUILD` left in it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Needs:
    """What an engine fetches for a build, each once, in their order."""

    images: tuple[str, ...]
    bases: Mapping[str, str]
    """The images that a stage is built on, each with the requested platform; empty for the default."""
    urls: tuple[str, ...]
    """The URLs of ADD; one with a `$` can't be resolved before the build."""


def named(text: str, given: Mapping[str, str]) -> tuple[str, ...]:
    """The images, each once, in their order. `given` are the build's arguments, which win over the file's defaults."""
    return needs(text, given).images


def needs(text: str, given: Mapping[str, str], known: Mapping[str, Base] | None = None) -> Needs:
    """Everything that is fetched; `known` are the bases whose contents are known, by their names in the file."""
    arguments: dict[str, str] = {}
    stages: list[str] = []
    images: list[str] = []
    bases: dict[str, str] = {}
    instructions: list[tuple[str, str]] = []
    values = {name: {value} for name, value in given.items()}
    for word, rest in _instructions(text):
        instructions.append((word, rest))
        if word == "ARG" and not stages:
            name, has_default, value = rest.partition("=")
            if has_default or name in given:
                arguments[name] = given.get(name, _filled(_unquoted(value), arguments))
        elif word == "FROM":
            image, stage = _from(rest, arguments)
            if _take(images, image, stages):
                platform = _PLATFORM.search(rest)
                bases[image] = _filled(_unquoted(platform[1]), {**arguments, **given}) if platform else ""
            stages.append(stage)
            if known and (base := known.get(image)):
                _add(values, base.environment.items())
                for trigger in map(_instruction, base.triggers):
                    instructions.append(trigger)
                    _take_from(images, trigger[1], {**arguments, **given}, stages)
        else:
            _take_from(images, rest, {**arguments, **given}, stages)
    for word, rest in instructions:
        if word in {"ARG", "ENV"}:
            _add(values, _set(word, rest))
    sources = (source for word, rest in instructions if word == "ADD" for source in _sources(rest))
    urls = (url for source in sources for url in _urls(source, values))
    return Needs(images=tuple(images), bases=bases, urls=tuple(dict.fromkeys(urls)))


def _take_from(images: list[str], rest: str, arguments: Mapping[str, str], stages: list[str]) -> None:
    for image in (*_OPTION.findall(rest), *_MOUNTED.findall(rest)):
        _take(images, _filled(_unquoted(image), arguments), stages)


def _take(images: list[str], image: str, stages: list[str]) -> bool:
    """Adds it if it is an image; false for a stage."""
    is_stage = image.lower() in stages or (image.isdigit() and int(image) < len(stages))
    if not image or image.lower() == _SCRATCH or is_stage:
        return False
    if image not in images:
        images.append(image)
    return True


def _add(values: dict[str, set[str]], pairs: Collection[tuple[str, str]]) -> None:
    for name, value in pairs:
        values.setdefault(name, set()).add(value)


def _set(word: str, rest: str) -> list[tuple[str, str]]:
    """Variables that ARG or ENV sets, with their values."""
    name, _, value = rest.partition(" ")
    if word == "ENV" and "=" not in name:
        return [(name, value.strip())]
    pairs = (pair.partition("=") for pair in _WORD.findall(rest))
    return [(name, _unquoted(value)) for name, is_set, value in pairs if is_set]


def _sources(rest: str) -> list[str]:
    """What ADD adds: all its words but the last."""
    words = [part for part in rest.split() if not part.startswith("--")]
    plain = " ".join(words)
    if plain.startswith("["):
        words = [part.strip() for part in plain.strip("[]").split(",")]
    return [_unquoted(word) for word in words[:-1]]


def _urls(source: str, values: Mapping[str, set[str]]) -> list[str]:
    """The URLs that a source of ADD may stand for; as written when that can't be resolved."""
    ends: list[str] = []
    begun = [_QUOTING.sub("", source)]  # quotes go, as in a shell
    for _ in range(_VALUES):
        if not begun or len(begun[-1]) > _LONGEST:
            break
        text = begun.pop()
        filled = _filled_once(text, values)
        begun += filled
        ends += [] if filled else [text]
    return [url for url in (*ends, *([f"${source}"] if begun else [])) if _may_be_url(url)]


def _may_be_url(text: str) -> bool:
    """Whether it is a URL, or can become one through its first variable."""
    plain, is_open, _ = text.lower().partition("$")
    return any(plain.startswith(scheme) or (is_open and scheme.startswith(plain)) for scheme in _SCHEMES)


def _filled_once(text: str, values: Mapping[str, set[str]]) -> list[str]:
    """The texts that result when the first variable has each of its possible values."""
    match = _VARIABLE.search(text)
    if match is None:
        return []
    known = set(values.get(match[1] or match[4], ()))
    if match[2]:
        known = (known | {match[3]}) if match[2] == "-" else {match[3], ""}
    return [text[: match.start()] + value + text[match.end() :] for value in known]


def _from(rest: str, arguments: Mapping[str, str]) -> tuple[str, str]:
    """The image of a FROM, and its stage's name in lower case, empty for none."""
    words = [word for word in rest.split() if not word.startswith("--")]
    image = _filled(_unquoted(words[0]), arguments) if words else ""
    stage = words[2].lower() if len(words) == 3 and words[1].lower() == "as" else ""
    return image, stage


def _filled(text: str, arguments: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name, kind, word = match[1] or match[4], match[2], match[3] or ""
        known = arguments.get(name, "")
        if kind == "-":
            return known or word
        return (word if known else "") if kind == "+" else known

    return _VARIABLE.sub(value, text)


def _instructions(text: str) -> Iterator[tuple[str, str]]:
    """Each instruction in capitals, with its arguments from all its lines; for ONBUILD, the instruction inside it."""
    escape = _escape(text)
    held = ""
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if line.rstrip().endswith(escape):
            held += line.rstrip()[: -len(escape)] + " "
            continue
        yield _instruction(held + line)
        held = ""
    if held.strip():
        yield _instruction(held)


def _instruction(line: str) -> tuple[str, str]:
    word, rest = (*line.split(None, 1), "", "")[:2]
    return _instruction(rest) if word.upper() == "ONBUILD" else (word.upper(), rest.strip())


def _escape(text: str) -> str:
    """The escape character; directives come before everything else."""
    for line in text.splitlines():
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            break
        if match[1].lower() == "escape" and match[2] in {"`", "\\"}:
            return match[2]
    return "\\"


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'")
