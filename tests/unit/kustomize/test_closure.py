"""The files that a Kustomize directory takes from a commit, and what is refused in it."""

from __future__ import annotations

import pytest

from sealane.configfiles.trees import StoredTree
from sealane.findings import Place
from sealane.kustomize import closure
from sealane.stencils import render_inputs

PLACE = Place(file="deploy/formations/dev.yaml", line=5, column=13)
FILES = {
    "k/base/kustomization.yaml": "resources: [web.yaml]\ncrds: [crds.json]\nconfigurations: [names.yaml]\n",
    "k/base/web.yaml": "kind: Deployment\n",
    "k/base/crds.json": "{}",
    "k/base/names.yaml": "",
    "k/debug/kustomization.yml": "kind: Component\npatchesStrategicMerge:\n- patch.yaml\n- |-\n  kind: Deployment\n  metadata: {name: web}\n",
    "k/debug/patch.yaml": "kind: Deployment\n",
    "k/prod/Kustomization": """bases: [../base]
components: [../debug]
patches: [{path: p.yaml}, {patch: "kind: Deployment"}]
patchesJson6902: [{path: j.json, target: {kind: Service}}]
replacements: [{path: r.yaml}, {source: {kind: Service}, targets: []}]
openapi: {path: schema.json}
configMapGenerator: [{name: c, files: [conf/app.conf, x=conf/b.conf], envs: [c.env]}]
secretGenerator: [{name: s, env: s.env, literals: [a=b]}]
""",
    **{f"k/prod/{name}": "" for name in ("p.yaml", "j.json", "r.yaml", "schema.json", "c.env", "s.env")},
    "k/prod/conf/app.conf": "",
    "k/prod/conf/b.conf": "",
    "k/prod/not-named.yaml": "",
    "secret.txt": "",
}


def read(files: dict[str, str], folder: str = "k/prod") -> tuple[set[str], list[str]]:
    found, findings = closure.read(StoredTree({k: v.encode() for k, v in files.items()}), folder, PLACE)
    return set(found.files) if found else set(), [str(finding) for finding in findings]


def test_everything_that_is_named_is_taken_and_nothing_else() -> None:
    assert read(FILES) == ({*FILES} - {"k/prod/not-named.yaml", "secret.txt"}, [])


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/a.yaml",
        "git@example.com:shop/a.git",
        "ssh://git@example.com/shop/a",
        "github.com/shop/a?ref=v1",
        "github.com/shop/a",
        "example.com/shop/a.git/prod",
        "example.com/shop//prod",
        "file:///etc",
        "http://127.0.0.1:1/a",
    ],
)
def test_addresses_are_refused_even_where_a_folder_has_that_name(address: str) -> None:
    written = f"resources:\n- '{address}'\n"
    there = {"k/prod/kustomization.yaml": written, f"k/prod/{address}/kustomization.yaml": ""}
    refused = f"k/prod/kustomization.yaml:2:3: {address} is not of this repository; nothing is fetched"
    assert [finding[: len(refused)] for finding in read(there)[1]] == [refused]


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("resources: [../../../x.yaml]", "1:13: ../../../x.yaml leads out of the repository"),
        ("patches: [{path: /etc/passwd}]", "1:18: /etc/passwd leads out of the repository"),
        (
            "helmCharts: [{name: a}]",
            "1:1: helmCharts: a kustomization doesn't run Helm here (name the chart in charts:",
        ),
        ("generators: [g.yaml]", "1:1: generators: plugins of Kustomize are not run"),
        ("transformers: [g.yaml]", "1:16: can't read k/prod/g.yaml: there is no such file"),
        ("transformers: ['{apiVersion: builtin}']", "1:16: {apiVersion: builtin} is not of this repository"),
        ("validators: [g.yaml]", "1:1: validators: plugins of Kustomize are not run"),
        ("resource: [a.yaml]", "1:1: a kustomization has no resource (did you mean resources?)"),
        ("resources: [a.yaml]", "1:13: k/prod/a.yaml has no kustomization.yaml (name a file, or a folder"),
        ("crds: [a.yaml]", "1:8: can't read k/prod/a.yaml: there is no such file"),
        ("Resources: [a.yaml]", "1:1: a kustomization has no Resources (did you mean resources?)"),
        (
            "secretGenerator: [{name: a, Files: [b]}]",
            "1:29: an entry of secretGenerator has no Files (did you mean files?)",
        ),
        ("openapi: {Path: a}", "1:11: an entry of openapi has no Path (did you mean path?)"),
        ("patches: ['http://127.0.0.1:1/a']", "1:11: http://127.0.0.1:1/a is not of this repository"),
        (
            "patchesStrategicMerge: ['http://127.0.0.1:1/a: b']",
            "1:25: http://127.0.0.1:1/a: b is not of this repository",
        ),
        ("resources: [../base/kustomization.yaml]", "1:13: ../base/kustomization.yaml is a kustomization"),
        ("configMapGenerator: [{envs: [a.env]}]", "1:30: can't read k/prod/a.env: there is no such file"),
        ("[a]", "1:1: a kustomization is one mapping"),
    ],
)
def test_what_is_refused_has_its_line(written: str, found: str) -> None:
    [finding] = read({"k/prod/kustomization.yaml": written})[1]
    assert finding.startswith(f"k/prod/kustomization.yaml:{found}")


def test_a_kustomization_is_read_as_one_and_never_taken_as_a_file_unread() -> None:
    """Whatever is named first: else what it names would not be looked at."""
    hidden = {
        "k/prod/kustomization.yaml": "crds: [c/kustomization.yaml]\nresources: [c]\n",
        "k/prod/c/kustomization.yaml": "resources: ['https://example.com/a.yaml']\n",
    }
    assert sorted(finding.partition(" ")[0] for finding in read(hidden)[1]) == [
        "k/prod/c/kustomization.yaml:1:13:",
        "k/prod/kustomization.yaml:1:8:",
    ]


@pytest.mark.parametrize(
    ("transformer", "more", "wrong"),
    [
        ("apiVersion: builtin\nkind: LabelTransformer\n", "", None),
        ("apiVersion: builtin\nkind: PatchTransformer\npath: /etc/passwd\n", "", "k/prod/t.yaml:2:1: plugins of"),
        ("apiVersion: a/v1\nkind: LabelTransformer\n", "", "k/prod/t.yaml:2:1: plugins of Kustomize are not run"),
        (
            "apiVersion: builtin\nkind: LabelTransformer\n",
            "crds: [t.yaml]",
            "k/prod/kustomization.yaml:2:16: k/prod/t.yaml is",
        ),
    ],
)
def test_a_transformer_of_kustomize_s_own_that_names_no_file_is_taken(
    transformer: str, more: str, wrong: str | None
) -> None:
    files = {"k/prod/kustomization.yaml": f"{more}\ntransformers: [t.yaml]\n", "k/prod/t.yaml": transformer}
    taken, findings = read(files)
    assert (taken == {*files}, [finding[: len(wrong or "")] for finding in findings]) == (
        wrong is None,
        [wrong] if wrong else [],
    )


def test_a_file_above_its_kustomization_is_told() -> None:
    """As Kustomize itself refuses it, with the line."""
    files = {"k/prod/kustomization.yaml": "resources: [../a.yaml]", "k/a.yaml": ""}
    assert read(files)[1] == [
        (
            "k/prod/kustomization.yaml:1:13: Kustomize takes files from the folder of their kustomization and below it;"
            " ../a.yaml is above (give its folder a kustomization.yaml with it, and name that folder)"
        )
    ]


@pytest.mark.parametrize("end", ["\x85", "\u2028", "\u2029"])
def test_a_line_may_end_at_other_characters(end: str) -> None:
    """For Kustomize and Sealane alike: what comes behind is no comment."""
    hidden = f"namePrefix: a- # x{end}resources: ['http://127.0.0.1:1/x']\n"
    [finding] = read({"k/prod/kustomization.yaml": hidden})[1]
    assert finding.startswith("k/prod/kustomization.yaml:2:13: http://127.0.0.1:1/x is not of this repository")


def test_a_warning_leaves_nothing_out() -> None:
    """An anchor that nothing uses is a warning; what else the kustomization says is read."""
    files = {"k/prod/kustomization.yaml": "namePrefix: &a a-\nresources: [b.yaml]\n", "k/prod/b.yaml": ""}
    taken, [warning] = read(files)
    assert taken == {*files}
    assert warning.startswith("k/prod/kustomization.yaml:1:13: ")


def test_many_kustomizations_that_name_one_another_are_read() -> None:
    files = {f"k/{n}/kustomization.yaml": f"resources: [../{n + 1}]" for n in range(700)}
    taken, findings = read({**files, "k/700/kustomization.yaml": ""}, "k/0")
    assert (len(taken), findings) == (0, ["k/700/kustomization.yaml:1:1: a kustomization is one mapping"])


def test_a_kustomization_may_lie_at_the_top() -> None:
    files = {"kustomization.yaml": "resources: [a.yaml, k]", "a.yaml": "", "k/kustomization.yaml": "resources: [..]"}
    assert read(files, ".") == ({*files}, [])


def test_a_folder_without_a_kustomization_is_told_where_it_is_named() -> None:
    assert [str(PLACE) in finding for finding in read({"k/a.yaml": ""})[1]] == [True]
    both = {"k/prod/kustomization.yaml": "", "k/prod/Kustomization": ""}
    assert "k/prod has kustomization.yaml and Kustomization (keep one)" in read(both)[1][0]


def test_an_address_in_the_formation_is_refused() -> None:
    assert (
        "deploy/a.git/b is not of this repository"
        in read({"deploy/a.git/b/kustomization.yaml": ""}, "deploy/a.git/b")[1][0]
    )


def test_kustomizations_that_name_each_other_come_to_an_end() -> None:
    """Kustomize itself tells the cycle."""
    around = {"k/prod/kustomization.yaml": "resources: [../a]", "k/a/kustomization.yaml": "resources: [../prod]"}
    assert read(around) == ({*around}, [])


def test_a_kustomization_among_stencils_is_told_how_it_is_named() -> None:
    head = "formation: dev\nenvironment: dev\ndestination: here\nnamespace: shop\n"
    files = {
        "deploy/formations/dev.yaml": head,
        "deploy/stencils/k/kustomization.yaml": "resources: [cm.yaml]",
        "deploy/stencils/k/cm.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n",
    }
    _, findings = render_inputs.gather(StoredTree({k: v.encode() for k, v in files.items()}), "dev")
    assert [str(finding) for finding in findings] == [
        (
            "deploy/stencils/k/kustomization.yaml:1:1: a kustomization is no stencil"
            " (write kustomize: [deploy/stencils/k] in the formation: files that it takes are no stencils then)"
        )
    ]
    files["deploy/formations/dev.yaml"] = head + "kustomize: [deploy/stencils/k]\n"
    sources, findings = render_inputs.gather(StoredTree({k: v.encode() for k, v in files.items()}), "dev")
    assert sources
    assert not findings
    assert not sources.stencils
    assert [item.folder for item in sources.kustomizations] == ["deploy/stencils/k"]
