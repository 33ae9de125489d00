"""YAML documents with the place of every key and value. Pure: takes text, gives data and findings.

Sealane reads YAML that strangers push, so the text is hostile: it is limited in size, depth and expansion (a
"billion laughs" file is refused), tags that build objects are refused, and a key given twice is a finding instead of
a silent loss. Scalars follow YAML 1.2's core schema with Kubernetes' habit of leading-zero octals (`0644`): `yes`,
`no`, `on` and dates are strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from sealane.findings import Finding, Place

Path = tuple[str | int, ...]

MAX_TEXT = 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 100_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]+")
_OCTAL = re.compile(r"0o?[0-7]+")
_HEX = re.compile(r"0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_FLOATS = {".inf": float("inf"), "+.inf": float("inf"), "-.inf": float("-inf"), ".nan": float("nan")}
_STRING = "tag:yaml.org,2002:str"
_PLAIN_TAGS = {f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "float", "null", "timestamp", "merge", "value")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One YAML document: plain data, and where each value and key stands.

    `values` and `keys` map a path, such as `("steps", 0, "image")`, to its place; the empty path is the document.
    """

    file: str
    value: Any
    values: dict[Path, Place]
    keys: dict[Path, Place]

    def place(self, path: Path) -> Place:
        """Where the value at the path stands, or its nearest parent that is in the file."""
        for length in range(len(path), -1, -1):
            if found := self.values.get(path[:length]):
                return found
        return Place(file=self.file)

    def key_place(self, path: Path) -> Place:
        """Where the key at the path stands, or the value when it has none."""
        return self.keys.get(path) or self.place(path)


def read(text: str, file: str) -> tuple[list[Document], list[Finding]]:
    """All documents of a text, empty ones left out, and what is wrong with it.

    A text that isn't YAML, or is too large, gives no documents and one finding.
    """
    if len(text) > MAX_TEXT:
        return [], [_finding(file, None, f"the file has {len(text)} characters", f"at most {MAX_TEXT} are read")]
    documents: list[Document] = []
    findings: list[Finding] = []
    try:
        for node in _compose(text):
            reading = _Reading(file)
            value = reading.build(node, (), 0)
            findings.extend(reading.findings)
            if reading.too_large:
                return [], findings
            if value is not None:
                documents.append(Document(file=file, value=value, values=reading.values, keys=reading.keys))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        return [], [*findings, _finding(file, mark, f"not YAML: {error.problem or error.context}", _mend(text, mark))]
    except yaml.YAMLError as error:
        return [], [*findings, _finding(file, None, f"not YAML: {_one_line(str(error))}", None)]
    return documents, findings


def _compose(text: str) -> Iterator[yaml.Node]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                yield node
    except RecursionError as error:  # the composer recurses before our own limit of depth can speak
        message = "nested too deeply"
        raise yaml.YAMLError(message) from error
    finally:
        loader.dispose()


class _Reading:
    """Turns one composed document into data, counting what it expands to."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.values: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self.findings: list[Finding] = []
        self.nodes = 0
        self.too_large = False

    def build(self, node: yaml.Node, path: Path, depth: int) -> Any:
        self.nodes += 1
        if self.too_large:
            return None
        if depth > MAX_DEPTH or self.nodes > MAX_NODES:
            self.too_large = True
            what = "nested too deeply" if depth > MAX_DEPTH else "too large once its aliases are expanded"
            self.findings.append(
                _finding(self.file, node.start_mark, f"the document is {what}", "write it out plainly")
            )
            return None
        self.values[path] = self._place(node)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(child, (*path, index), depth + 1) for index, child in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Any]:
        result: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                mend = 'in flow style a ${word} must be quoted: {replicas: "${count}"}'
                self.findings.append(_finding(self.file, key_node.start_mark, "a key must be a plain word", mend))
                continue
            key = key_node.value
            if key == "<<" and key_node.style is None:
                merged |= self._merge(value_node, path, depth)
                continue
            if key in result:
                self.findings.append(_finding(self.file, key_node.start_mark, f"{key} is given twice", "keep one"))
                continue
            self.keys[*path, key] = self._place(key_node)
            result[key] = self.build(value_node, (*path, key), depth + 1)
        return {**{key: value for key, value in merged.items() if key not in result}, **result}

    def _merge(self, node: yaml.Node, path: Path, depth: int) -> dict[str, Any]:
        """`<<: *anchor`: keys of the anchored mapping, keeping the places where they were written."""
        built = self.build(node, path, depth + 1)
        if isinstance(built, list):
            built = {key: value for part in reversed(built) if isinstance(part, dict) for key, value in part.items()}
        if not isinstance(built, dict):
            self.findings.append(_finding(self.file, node.start_mark, "<< merges mappings only", None))
            return {}
        return built

    def _scalar(self, node: yaml.Node) -> Any:
        text: str = node.value
        if node.tag not in _PLAIN_TAGS and node.tag != _STRING:
            known = "tags that build objects are not read"
            self.findings.append(_finding(self.file, node.start_mark, f"unknown tag {node.tag}", known))
            return None
        if node.tag == _STRING:
            return text
        return text if getattr(node, "style", None) in ('"', "'", "|", ">") else _plain(text)

    def _place(self, node: yaml.Node) -> Place:
        return Place(file=self.file, line=node.start_mark.line + 1, column=node.start_mark.column + 1)


def _plain(text: str) -> Any:  # noqa: PLR0911 - one return a kind of scalar is the clearest form
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE"}:
        return True
    if text in {"false", "False", "FALSE"}:
        return False
    if _OCTAL.fullmatch(text) and text != "0":
        return int(text.replace("o", ""), 8)
    if _INT.fullmatch(text):
        return int(text) if len(text) <= 40 else text
    if _HEX.fullmatch(text):
        return int(text, 16)
    if text.lower() in _SPECIAL_FLOATS:
        return _SPECIAL_FLOATS[text.lower()]
    return float(text) if _FLOAT.fullmatch(text) else text


def _mend(text: str, mark: yaml.Mark | None) -> str | None:
    """The one trap of YAML that stencils walk into: a placeholder unquoted inside braces."""
    line = text.splitlines()[mark.line] if mark and mark.line < len(text.splitlines()) else ""
    return 'in flow style quote the placeholder: {replicas: "${count}"}' if "${" in line and "{" in line else None


def _finding(file: str, mark: yaml.Mark | None, message: str, mend: str | None) -> Finding:
    place = Place(file=file, line=mark.line + 1, column=mark.column + 1) if mark else Place(file=file)
    return Finding(message=message, place=place, mend=mend)


def _one_line(text: str) -> str:
    return " ".join(text.split())
