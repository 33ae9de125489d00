"""What Kustomize is given: each kustomization as Sealane read it, and nothing that only Kustomize reads."""

from __future__ import annotations

import json

import yaml

from sealane.configfiles.trees import StoredTree
from sealane.findings import Place
from sealane.kustomize import closure, layout

PLACE = Place(file="deploy/formations/dev.yaml", line=5, column=13)


def laid_out(kustomization: str, **files: str) -> dict[str, bytes]:
    contents = {"k/kustomization.yaml": kustomization, **{f"k/{name}": text for name, text in files.items()}}
    asked, findings = closure.read(StoredTree({path: text.encode() for path, text in contents.items()}), "k", PLACE)
    assert asked, findings
    return dict(layout.files(asked))


def test_texts_stay_what_they_are_for_readers_of_yaml_and_json() -> None:
    texts = ["yes", "0644", "1e3", "1:30", "é\U0001f600", "a\x85b\u2028c", "\x7f", "a\nb\t", "patches: x", "~"]
    asked = "configMapGenerator:\n- name: c\n  literals: " + json.dumps(texts, ensure_ascii=True).replace(
        "\\ud83d\\ude00", "\\U0001f600"
    )
    written = laid_out(asked)["k/kustomization.yaml"].decode()
    for read in (json.loads, yaml.safe_load):
        assert read(written)["configMapGenerator"] == [{"name": "c", "literals": texts}]


def test_older_names_are_today_s_and_other_files_stay_as_they_are() -> None:
    files = laid_out("patches: [p.yaml]\nimageTags: [{name: a, newTag: b}]\n", **{"p.yaml": "kind: \x85 A # é\n"})
    assert json.loads(files["k/kustomization.yaml"]) == {
        "patchesStrategicMerge": ["p.yaml"],
        "images": [{"name": "a", "newTag": "b"}],
        "buildMetadata": ["originAnnotations"],
    }
    assert files["k/p.yaml"].decode() == "kind: \x85 A # é\n"
