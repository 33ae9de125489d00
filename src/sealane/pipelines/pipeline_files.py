"""Gathers the files of pipelines in an app's folder, of every dialect."""

from __future__ import annotations

from sealane.adapters import SHIPPED, Adapters
from sealane.configfiles import trees
from sealane.configfiles.trees import FileMissing, Tree, Unreadable
from sealane.findings import Finding, Place, not_utf8
from sealane.pipelines import reading
from sealane.pipelines.reading import PipelineFiles

MOST_FILES = 100
"""Most files of one folder that are one pipeline together."""
MOST_BYTES = 2 * 1024 * 1024
"""Of all files together: reading one of 1 MiB takes a second or two."""
_YAML = (".yaml", ".yml")


def gather(tree: Tree, adapters: Adapters = SHIPPED, *, prefix: str = "") -> PipelineFiles:
    """Reads all of them; one that can't be read is kept with the reason. `prefix` stands before each path in findings."""
    texts: dict[str, str] = {}
    unreadable: dict[str, Finding] = {}
    paths = list(reading.files(adapters))
    for folder in reading.folders(adapters):
        try:
            paths += _listed(tree, folder)
        except Unreadable as problem:
            unreadable[folder] = Finding(message=f"can't be read: {problem.message}", place=Place(file=prefix + folder))
    room = MOST_BYTES
    for path in paths:
        try:
            content = tree.read(path)
            room -= len(content)
            if room < 0:
                raise Unreadable(f"the pipelines' files have more than {MOST_BYTES} bytes")
            texts[path] = content.decode("utf-8-sig")
        except FileMissing:
            continue
        except Unreadable as problem:
            place = Place(file=prefix + path)
            unreadable[path] = Finding(message=f"can't be read: {problem.message}", place=place)
        except UnicodeDecodeError as error:
            unreadable[path] = not_utf8(error, prefix + path)
    wrong = tuple(name for name in reading.misnamed(adapters) if trees.has(tree, name))
    return PipelineFiles(texts=texts, unreadable=unreadable, misnamed=wrong, prefix=prefix)


def _listed(tree: Tree, folder: str) -> list[str]:
    """The YAML files of the folder itself. Raises `Unreadable`."""
    depth = folder.count("/") + 1
    listed = [path for path in tree.files(folder) if path.endswith(_YAML) and path.count("/") == depth]
    if len(listed) > MOST_FILES:
        raise Unreadable(f"it has {len(listed)} files of a pipeline; at most {MOST_FILES} are read")
    return listed
