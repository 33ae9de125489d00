"""Which images a Dockerfile makes an engine fetch: of FROM, COPY --from and RUN --mount=from. Pure.

By the rules of the Dockerfile reference (docs.docker.com/reference/dockerfile): continued lines, the `escape` directive, ARG
before the first FROM, stages. What can't be told is given as it stands, so that whoever checks refuses it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_DIRECTIVE = re.compile(r"#\s*(\w+)\s*=\s*(\S+)\s*$")
_VARIABLE = re.compile(r"\$(?:\{(\w+)(?::?([-+])([^{}]*))?\}|(\w+))")
_OPTION = re.compile(r"--from=(\S+)")
_MOUNTED = re.compile(r"--mount=\S*?\bfrom=([^,\s]+)")
_SCRATCH = "scratch"


def named(text: str, given: Mapping[str, str]) -> tuple[str, ...]:
    """The images, each once, in their order. `given` are the build's arguments, which win over the file's defaults."""
    arguments: dict[str, str] = {}
    stages: list[str] = []
    found: list[str] = []
    for word, rest in _instructions(text):
        if word == "ARG" and not stages:
            name, has_default, value = rest.partition("=")
            if has_default or name in given:
                arguments[name] = given.get(name, _filled(_unquoted(value), arguments))
        elif word == "FROM":
            image, stage = _from(rest, arguments)
            _take(found, image, stages)
            stages.append(stage)
        else:
            for image in (*_OPTION.findall(rest), *_MOUNTED.findall(rest)):
                _take(found, _filled(_unquoted(image), {**arguments, **given}), stages)
    return tuple(found)


def _take(found: list[str], image: str, stages: list[str]) -> None:
    is_stage = image.lower() in stages or (image.isdigit() and int(image) < len(stages))
    if image and image.lower() != _SCRATCH and not is_stage and image not in found:
        found.append(image)


def _from(rest: str, arguments: Mapping[str, str]) -> tuple[str, str]:
    """The image of a FROM, and its stage's name in lower case, empty for none."""
    words = [each for each in rest.split() if not each.startswith("--")]
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
    """Each instruction in capitals, with what follows it on all its lines; of ONBUILD, what it will do."""
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
    """Directives stand before everything else."""
    for line in text.splitlines():
        match = _DIRECTIVE.fullmatch(line.strip())
        if match is None:
            break
        if match[1].lower() == "escape" and match[2] in {"`", "\\"}:
            return match[2]
    return "\\"


def _unquoted(text: str) -> str:
    return text.strip().strip("\"'")
