"""YAML documents with the place of every key and value. Pure: takes text, returns data and findings.

Sealane reads YAML that strangers push, so the text is hostile: it is limited in size, depth and expansion (a "billion
laughs" file is refused, of aliases and of merge keys), tags that build objects are refused, and a duplicate key is a
finding instead of a silent loss. `<<` merges mappings as in YAML 1.1.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import yaml

from sealane.configfiles import scalars, yaml_errors
from sealane.findings import Finding, Place

Path = tuple[str | int, ...]

MAX_TEXT = 1024 * 1024
MAX_DEPTH = 64
MAX_NODES = 100_000

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_STRING = f"{_TAG}str"
_MERGE = f"{_TAG}merge"
_TAGGED = re.compile(r"(&\S+\s+)?!")
_PLAIN_TAGS = {f"{_TAG}{name}" for name in ("bool", "int", "float", "null", "timestamp", "merge", "value")}
_NO_ZERO = "no program, cluster or database takes one"
_PLAINLY = "write it out plainly"
_QUOTED = frozenset("\"'|>")

_Pair = tuple[yaml.Node, yaml.Node]


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One YAML document: plain data, and the place of each value and key.

    `values` and `keys` map a path, such as `("steps", 0, "image")`, to its place; the empty path is the document.
    Content of an alias or a merge has the place where it was written.
    """

    file: str
    value: Any
    values: dict[Path, Place]
    keys: dict[Path, Place]
    written: dict[Path, str] = field(default_factory=dict)
    """The original text of each number, true, false and null, by path: 3.10, 0644, 1e3."""
    lines: tuple[str, ...] = field(default=(), repr=False)
    """The whole file."""

    def place(self, path: Path) -> Place:
        """The place of the value at the path, or of its nearest parent in the file."""
        return nearest_place(self.values, path, Place(file=self.file))

    def key_place(self, path: Path) -> Place:
        """The place of the key at the path, or of the value if it has no key."""
        return self.keys.get(path) or self.place(path)

    def rest_of_line(self, path: Path) -> str:
        """The rest of the line from the value at the path on; empty if that is not in the file."""
        place = self.values.get(path)
        return self.lines[place.line - 1][place.column - 1 :] if place and 0 < place.line <= len(self.lines) else ""


def read(text: str, file: str, *, merge_lists: bool = False) -> tuple[list[Document], list[Finding]]:
    """All documents of a text, without empty ones, and its problems; some findings are warnings.

    With `merge_lists`, an item `<<: *list` of a list stands for the items of that list, as in Woodpecker's files.
    A text that isn't YAML, or is too large, has no documents and an error.
    """
    if len(text) > MAX_TEXT:
        message = f"the file has {len(text)} characters"
        return [], [Finding(message=message, place=Place(file=file), hint=f"at most {MAX_TEXT} are read")]
    documents: list[Document] = []
    findings: list[Finding] = []
    lines = yaml_errors.lines(text)
    try:
        if deep := _too_deep(text):
            message = "the document is nested too deeply"
            return [], [Finding(message=message, place=yaml_errors.place(file, deep), hint=_PLAINLY)]
        for node in _compose(text):
            reading = _Reading(file, lines, merge_lists=merge_lists)
            value = reading.build(node, (), 0)
            findings.extend(dict.fromkeys(reading.findings))
            if reading.too_large:
                return [], findings
            if value is not None:
                documents.append(reading.document(value))
    except yaml.YAMLError as error:
        return [], [*findings, yaml_errors.finding(error, lines, file)]
    return documents, [*findings, *yaml_errors.unused_anchors(text, file)]


def _compose(text: str) -> Iterator[yaml.Node]:
    loader = _Loader(text)
    try:
        while loader.check_node():
            node = loader.get_node()
            if node is not None:
                yield node
    finally:
        loader.dispose()


def _too_deep(text: str) -> yaml.Mark | None:
    """Where lists and mappings are nested too deeply.

    The C composer recurses without a limit, and a deep text would end the process: so this check comes first.
    """
    depth = 0
    for event in yaml.parse(text, Loader=_Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH + 1:
            return cast("yaml.Mark", event.start_mark)
    return None


class _Reading:
    """Converts one composed document to data, and counts its expanded size."""

    def __init__(self, file: str, lines: tuple[str, ...], *, merge_lists: bool) -> None:
        self.file = file
        self.merge_lists = merge_lists
        self.lines = lines
        self.values: dict[Path, Place] = {}
        self.keys: dict[Path, Place] = {}
        self.written: dict[Path, str] = {}
        self.findings: list[Finding] = []
        self.nodes = 0
        self.open: list[yaml.Node] = []
        """The nodes around the current one."""
        self.too_large = False

    def document(self, value: Any) -> Document:
        return Document(
            file=self.file, value=value, values=self.values, keys=self.keys, written=self.written, lines=self.lines
        )

    def build(self, node: yaml.Node, path: Path, depth: int) -> Any:
        if not self.fits(node, depth):
            return None
        self.values[path] = self.place(node)
        if isinstance(node, yaml.ScalarNode):
            return self.scalar(node, path)
        self.open.append(node)
        built = (
            self.mapping(node, path, depth)
            if isinstance(node, yaml.MappingNode)
            else [self.build(child, (*path, index), depth + 1) for index, child in enumerate(self.items(node))]
        )
        self.open.pop()
        return built

    def items(self, node: yaml.Node) -> Iterator[yaml.Node]:
        """The items of a list, and those of the lists that it merges; each merged list counts as a node."""
        for child in node.value:
            lists = _merged_lists(child) if self.merge_lists else []
            for merged in lists:
                if not self.fits(merged, 0):
                    return
                self.open.append(merged)
                yield from self.items(merged)
                self.open.pop()
            if not lists:
                yield child

    def fits(self, node: yaml.Node, depth: int) -> bool:
        """Counts the node; false once the document exceeds the limit."""
        self.nodes += 1
        if self.too_large:
            return False
        if any(opened is node for opened in self.open):
            self.too_large = True
            self.wrong(node, "an alias stands within what it names", "write out what the alias is to stand for")
        elif depth > MAX_DEPTH or self.nodes > MAX_NODES:
            self.too_large = True
            problem = "nested too deeply" if depth > MAX_DEPTH else "too large once its aliases are expanded"
            self.wrong(node, f"the document is {problem}", _PLAINLY)
        return not self.too_large

    def mapping(self, node: yaml.MappingNode, path: Path, depth: int) -> dict[str, Any]:
        own, merged = self.pairs(node, depth)
        result: dict[str, Any] = {}
        for key, (key_node, value_node) in ({key: merged[key] for key in merged if key not in own} | own).items():
            if self.too_large:
                break
            self.keys[*path, key] = self.place(key_node)
            result[key] = self.build(value_node, (*path, key), depth + 1)
        return result

    def pairs(self, node: yaml.MappingNode, depth: int) -> tuple[dict[str, _Pair], dict[str, _Pair]]:
        """A mapping's own keys, and those it merges."""
        own: dict[str, _Pair] = {}
        merge: _Pair | None = None
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                hint = yaml_errors.template(self.lines, key_node.start_mark.line) or yaml_errors.FLOW
                self.wrong(key_node, "a key must be a plain word", hint)
            elif "\0" in key_node.value:
                self.wrong(key_node, "there is a zero byte in a key", _NO_ZERO)
            elif key_node.tag == _MERGE:
                if merge:
                    self.wrong(key_node, "<< is given twice", "one << merges several: <<: [*first, *second]")
                merge = merge or (key_node, value_node)
            elif key_node.value in own:
                self.wrong(key_node, f"{key_node.value} is given twice", "keep one")
            else:
                own[key_node.value] = (key_node, value_node)
        return own, self.merged(*merge, depth) if merge else {}

    def merged(self, key: yaml.Node, value: yaml.Node, depth: int) -> dict[str, _Pair]:
        """The content of the value of `<<`: earlier mappings win over later ones, and own keys over merged ones."""
        pairs: dict[str, _Pair] = {}
        for source in value.value if isinstance(value, yaml.SequenceNode) else [value]:
            if not isinstance(source, yaml.MappingNode):
                hint = "<<: *NAME, where &NAME stands before a mapping, or <<: [*ONE, *TWO]"
                self.wrong(key, f"<< merges mappings, and this is {_kind(source)}", hint)
            elif self.fits(source, depth + 1):
                self.nodes += len(source.value)
                self.open.append(source)
                own, merged = self.pairs(source, depth + 1)
                self.open.pop()
                pairs = merged | own | pairs
        return pairs

    def scalar(self, node: yaml.Node, path: Path) -> Any:
        text: str = node.value
        if node.tag not in _PLAIN_TAGS and node.tag != _STRING:
            hint = 'tags that build objects are not read; quote a text that begins with !: "!text"'
            self.wrong(node, f"unknown tag {node.tag}", hint)
            return None
        if "\0" in text:
            self.wrong(node, "there is a zero byte in it", _NO_ZERO)
            return text.replace("\0", "")
        self.findings.extend(yaml_errors.traps(node, self.lines, self.file))
        if getattr(node, "style", None) in _QUOTED or self.is_tagged_text(node):
            return text
        value = scalars.plain(text)
        if not isinstance(value, str):
            self.written[path] = text
        return value

    def is_tagged_text(self, node: yaml.Node) -> bool:
        """Whether it has the tag !!str; YAML 1.1 reads more words as texts than Sealane does."""
        mark = node.start_mark
        return node.tag == _STRING and bool(_TAGGED.match(self.lines[mark.line], mark.column))

    def place(self, node: yaml.Node) -> Place:
        return yaml_errors.place(self.file, node.start_mark)

    def wrong(self, node: yaml.Node, message: str, hint: str) -> None:
        self.findings.append(Finding(message=message, place=self.place(node), hint=hint))


def _merged_lists(node: yaml.Node) -> list[yaml.Node]:
    """The lists that an item `<<: *list` or `<<: [*list, *list]` stands for; empty for any other item."""
    if not _merges_list(node, 0):
        return []
    value = node.value[0][1]
    lists: list[yaml.Node] = [item for item in value.value if isinstance(item, yaml.SequenceNode)]
    return lists if lists and len(lists) == len(value.value) else [value]


def _merges_list(node: yaml.Node, depth: int) -> bool:
    """Whether it is `<<` alone, and of lists: merged mappings are one mapping, as everywhere."""
    if not isinstance(node, yaml.MappingNode) or len(node.value) != 1 or node.value[0][0].tag != _MERGE:
        return False
    value = node.value[0][1]
    if not isinstance(value, yaml.SequenceNode):
        return False
    first = value.value[0] if value.value else None
    return not isinstance(first, yaml.MappingNode) or depth > MAX_DEPTH or _merges_list(first, depth + 1)


def _kind(node: yaml.Node) -> str:
    if isinstance(node, yaml.SequenceNode):
        return "a list"
    value = node.value if getattr(node, "style", None) in _QUOTED else scalars.plain(node.value)
    return "nothing" if value is None else "a text" if isinstance(value, str) else f"the value {node.value}"


def nearest_place(places: Mapping[Path, Place], path: Path, otherwise: Place) -> Place:
    """The place of the path or of its nearest parent."""
    for length in range(len(path), -1, -1):
        if place := places.get(path[:length]):
            return place
    return otherwise
