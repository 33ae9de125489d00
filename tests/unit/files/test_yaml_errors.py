"""What YAML makes of a slip is told in words that help, and values are quoted as they were written."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sealane import repository_check
from sealane.configfiles import documents, scalars, yaml_errors
from sealane.configfiles.trees import StoredTree
from sealane.findings import Severity
from sealane.formations import reading as formation_reading
from sealane.pipelines import reading
from sealane.stencils import render_inputs, rendering
from tests.properties import examples

BROKEN = [
    ('say: echo "to: you"\n', "1:14", """quote the value: 'echo "to: you"'"""),
    ("- run: curl -H Accept: text/plain\n", "1:22", 'quote the value: "curl -H Accept: text/plain"'),
    ("a:\n\tb: 1\n", "2:1", "indent with spaces: there is a tab in this line"),
    ("a:\n  - b\n\t- c\n", "3:1", "indent with spaces: there is a tab in this line"),
    ("hosts:\n  - *.example.org\n", "2:6", 'begins with * must be quoted: "*.example.org"'),
    ("user: @bot\n", "1:7", 'begins with @ must be quoted: "@bot"'),
    ("share: %d\n", "1:8", 'begins with % must be quoted: "%d"'),
    ("- && true\n", "1:4", 'begins with & must be quoted: "&& true"'),
    ("run: `date`\n", "1:6", 'begins with ` must be quoted: "`date`"'),
    ("shop: {a: 1}\n  b: [x]\n", "2:3", "indent"),
    ("- [ -n x ] && true\n", "1:13", 'begins with [ must be quoted: "[ -n x ] && true"'),
    ('- "a" and "b"\n', "1:7", """quote all of it: '"a" and "b"'"""),
    ("a: 'don't'\n", "1:9", "quote all of it: \"'don't'\""),
    ('a: "never\nb: c\n', "1:4", 'the " opened here is never closed'),
    ("name:web\nimage: b\n", "2:6", "line 1 lacks the space after its colon: name: web"),
    ("a:\n  b: *nobody\n", "2:6", "write &nobody before what it stands for"),
    ("a: 1\n   b: 2\n", "2:5", "check the indentation"),
    ('a: "\\d+"\n', "1:5", "use single quotes"),
    ("a: - b\n", "1:4", "a list begins on a line of its own"),
    ("a: b\nc: \x07\n", "2:4", "the character U+0007 can't stand in a file"),
    ("kind: {{ .Values.kind }}\n", "1:8", "`helm template` writes plain manifests"),
    ("{{- if .Values.on }}\na: 1\n{{- end }}\n", "1:3", "`helm template` writes plain manifests"),
    ("a:\n  {{- toYaml .Values.x | nindent 2 }}\n", "2:5", "`helm template` writes plain manifests"),
    ("a: {b: ${c}}\n", "1:9", "in flow style quote the placeholder"),
    ("a: [1, 2\n", "2:1", "close the bracket"),
    ("a: !Ref b\n", "1:4", "quote a text that begins with !"),
]


@pytest.mark.parametrize(("text", "place", "words"), BROKEN, ids=[text for text, _, _ in BROKEN])
def test_a_slip_is_told_with_its_place_and_how_to_fix_it(text: str, place: str, words: str) -> None:
    _, findings = documents.read(text, "f.yaml")

    assert str(findings[0]).startswith(f"f.yaml:{place}: ")
    assert words in str(findings[0])


DOUBTFUL = [
    ("- make all \\\n    install\n", "1:12", "write it as a block, which keeps its lines: |"),
    ("a: >\n  make all \\\n  install\n", "2:12", "write it as a block, which keeps its lines: |"),
    ('- echo "see #4" now\n', "1:13", """quote all of it: 'echo "see #4" now'"""),
    ("- grep 'a # b' src\n", "1:11", "quote all of it: \"grep 'a # b' src\""),
    ("password: &s3cret\n", "1:11", 'quote a text: "&s3cret"'),
    ("- &one two\n", "1:3", 'quote a text: "&one"'),
]


@pytest.mark.parametrize(("text", "place", "words"), DOUBTFUL, ids=[text for text, _, _ in DOUBTFUL])
def test_what_yaml_takes_otherwise_than_it_looks_is_warned_of(text: str, place: str, words: str) -> None:
    _, (finding,) = documents.read(text, "f.yaml")

    assert finding.severity is Severity.WARNING
    assert str(finding).startswith(f"f.yaml:{place}: ")
    assert words in str(finding)


@pytest.mark.parametrize(
    "text",
    [
        "- make all \\\n".replace(" \\", ""),
        "a: |\n  make \\\n    all\n",
        'a: "x \\\n  y"\n',
        "- echo a # as it says\n",
        "- echo \"it's\" # it's fine\n",
        "a: don't # not yet\n",
        "a: &a b\nc: *a\n",
        "a: &a {b: c}\n",
        "a: b && c\n",
        "url: https://example.org/#top\n",
    ],
)
def test_what_is_meant_so_is_let_be(text: str) -> None:
    assert documents.read(text, "f.yaml")[1] == []


WRITTEN = ["3.10", "0644", "1e3", "0x1F", "0o17", "1.0", "-0", "+7", "True", "NULL", ".inf", "00", "1.50e+2", "~"]


@pytest.mark.parametrize("written", WRITTEN)
def test_a_hint_quotes_the_text_as_written(written: str) -> None:
    """In every place that wants a text, whatever the number comes to."""
    text = f"app: kiosk\nsteps: [{{name: a, image: b, environment: {{V: {written}}}, commands: [{written}]}}]\n"
    _, findings = reading.read(text, "f")
    said = [str(finding) for finding in findings]

    assert len(said) == 2
    if scalars.plain(written) is not None:
        assert all(
            f'put it in quotes: "{written}"' in line and f" {written}" in line.partition("(")[0] for line in said
        )


@settings(max_examples=examples(200), deadline=None)
@given(st.from_regex(r"[-+]?[0-9]{1,5}(\.[0-9]{0,4})?([eE][-+]?[0-9])?", fullmatch=True))
@example("1_000")
@example("yes")
@example("2026-11-29")
def test_any_number_is_kept_as_written_and_what_is_a_text_stays_one(written: str) -> None:
    (document,), _ = documents.read(f"a: [x, {written}]\n", "f")
    value = scalars.plain(written)

    assert document.written == ({} if isinstance(value, str) else {("a", 1): written})
    assert document.value == {"a": ["x", value]}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("timeout: 5.0", "timeout must be a duration, not the number 5.0 (write it like 30s, 10m or 1h30m)"),
        ("timeout: 015", "timeout must be a duration, not the number 015 (write it like 30s, 10m or 1h30m: 015s?)"),
        ("retry: {limit: 0x1F}", "limit must be at most 10, not 0x1F"),
        ("retry: {limit: 1_0}", "limit must be a whole number, not the text '1_0' (write 10)"),
        ("commands: yes", None),
        ("needs: 007", "needs must be a list, not the number 007"),
        ('commands: [a, "b: c"]', None),
        (
            'commands:\n    - echo "for: you"',
            """item 1 of commands must be a text, not a mapping (a colon and a space make a mapping; quote the text: 'echo "for: you"')""",
        ),
        (
            "commands:\n    - curl -H 'A: b' http://web",
            (
                "item 1 of commands must be a text, not a mapping (a colon and a space make a mapping;"
                " quote the text: \"curl -H 'A: b' http://web\")"
            ),
        ),
        (
            "commands:\n    - apk add git \\\n    - make",
            (
                "the command ends in a backslash, and nothing of it follows"
                " (write a command of several lines as one block: - |)"
            ),
        ),
        ("commands: [echo \\\\]", None),
        ("commands:\n    - |\n      echo \\\n        a", None),
    ],
)
def test_words_for_a_step(line: str, said: str | None) -> None:
    _, findings = reading.read(f"app: kiosk\nsteps:\n  - name: a\n    image: b\n    {line}\n", "f")

    assert [str(finding).partition(": ")[2] for finding in findings] == ([said] if said else [])


FORMATION = "formation: dev\nenvironment: dev\ndestination: bed\nnamespace: kiosk\n"


def rendered(stencil: str, formation: str = FORMATION):
    files = {"deploy/formations/dev.yaml": formation, "deploy/stencils/a.yaml": stencil}
    sources, findings = render_inputs.gather(StoredTree({path: text.encode() for path, text in files.items()}), "dev")
    assert sources is not None, findings
    return rendering.render(sources, rendering.Inputs(app="kiosk", images={}))


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("args: [--port, 08080]", 'item 2 of args must be a text, not the number 08080 (put it in quotes: "08080")'),
        ("env: [{name: V, value: 1.10}]", 'value must be a text, not the number 1.10 (put it in quotes: "1.10")'),
        (
            "env: [{name: V, value: TRUE}]",
            'value must be a text, not TRUE, which is yes or no (put it in quotes: "TRUE")',
        ),
        (
            "command: \n        - sh\n        - -c\n        - echo a: b",
            'item 3 of command must be a text, not a mapping (a colon and a space make a mapping; quote the text: "echo a: b")',
        ),
    ],
)
def test_words_for_a_container(written: str, said: str) -> None:
    """What the API server would refuse is told before anything is sent to it."""
    pod = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\nspec:\n  containers:\n    - name: a\n      {written}\n"
    _, findings = rendered(pod)

    assert [str(finding).partition(": ")[2] for finding in findings] == [said]


def test_foreign_kinds_may_have_numbers_anywhere() -> None:
    revision, findings = rendered("apiVersion: e.org/v1\nkind: A\nmetadata: {name: a}\nlabels: {a: 1}\nargs: [2]\n")

    assert (revision is not None, findings) == (True, [])


def test_numbers_become_texts_as_they_were_written() -> None:
    """In texts, in the configuration, and where Kubernetes takes nothing but a text."""
    formation = (
        f"{FORMATION}values: {{v: 3.10, mode: 0644, on: True}}\nconfig: {{a: 1.20, b: 0x1F, c: 'v${{v}}', d: True}}\n"
    )
    stencil = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {v: '${v}'}}\n"
        "data: {text: 'is ${v} ${mode} ${on}', config: '${config}'}\n---\n"
        "apiVersion: e.org/v1\nkind: A\nmetadata: {name: a}\nx: '${v}'\n"
    )
    revision, findings = rendered(stencil, formation)
    config, made, custom = (item.object for item in revision.objects)

    assert not findings
    assert config["data"] == {"a": "1.20", "b": "0x1F", "c": "v3.10", "d": "true"}
    assert made["metadata"]["labels"] == {"v": "3.10"}
    assert made["data"]["text"] == "is 3.10 0644 true"
    assert custom["x"] == 3.1


def test_a_warning_stops_no_reader() -> None:
    """Each gives what it read, and the warning beside it."""
    trap = "x-a: &never used\n"
    pipeline, told = reading.read(f"app: kiosk\nsteps: [{{name: a, image: b}}]\n{trap}", "f")
    formation, said = formation_reading.read_formation(FORMATION + trap, "dev.yaml")

    assert pipeline
    assert formation
    assert [finding.severity for finding in (*told, *said)] == [Severity.WARNING] * 2
    assert repository_check.check_text(f"environment: f\ndestinations: {{a: {{dummy: {{}}}}}}\n{trap}", "f.yaml").valid


@settings(max_examples=examples(300), deadline=None)
@given(st.text(alphabet="ab:-#&*!|>'\"%@`{}[],\\ \n\t$?<1.", max_size=60))
def test_any_text_is_read_or_told_at_a_place_in_it(text: str) -> None:
    """No slip ends in an exception; what YAML reads, we read, but for what is refused."""
    _, findings = documents.read(text, "f")
    lines = yaml_errors.lines(text)

    assert all(0 <= finding.place.line <= len(lines) + 1 for finding in findings)
    if any(finding.message.startswith("not YAML") for finding in findings):
        with pytest.raises(yaml.YAMLError):
            list(yaml.compose_all(text, Loader=yaml.CSafeLoader))


def test_many_doubtful_lines_cost_no_more_than_they_are_long() -> None:
    """Strangers' files may be nothing but traps: each is told, and nothing is read twice for another."""
    text = "".join(f"- x 'a # {number}'s \n- it's \\\n  {number}\n" for number in range(12_000))
    _, findings = documents.read(text, "f")

    assert len(findings) == 24_000
