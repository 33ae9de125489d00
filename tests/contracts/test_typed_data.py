"""Types that several threads want for the first time at once: msgspec alone ends the process there now and then."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import sealane

_THREADS = """
import sys, threading
from dataclasses import field, make_dataclass
from sealane import typed_data

sys.setswitchinterval(1e-6)
problems = []

def ask(kind, barrier):
    barrier.wait()
    try:
        assert typed_data.convert({"first": {"second": {"texts": ["a"]}}}, kind).first.second.texts == ("a",)
    except BaseException as error:
        problems.append(error)

for number in range(300):
    third = make_dataclass(f"Third{number}", [(f"field_{i}", str, field(default="")) for i in range(10)] + [("texts", "tuple[str, ...]", ())])
    second = make_dataclass(f"Second{number}", [(f"field_{i}", "list[int]", field(default_factory=list)) for i in range(10)] + [("second", third, None)])
    first = make_dataclass(f"First{number}", [(f"field_{i}", "dict[str, int]", field(default_factory=dict)) for i in range(10)] + [("first", second, None)])
    barrier = threading.Barrier(4)
    threads = [threading.Thread(target=ask, args=(first, barrier)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
sys.exit(str(problems[0]) if problems else 0)
"""


def test_threads_that_want_a_type_at_once_all_get_it_whole() -> None:
    ended = subprocess.run([sys.executable, "-c", _THREADS], capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr


def test_nothing_else_asks_for_a_type() -> None:
    """All of the code goes through `typed_data`."""
    package = Path(sealane.__file__).parent
    direct = [
        f"{path.relative_to(package)}:{node.lineno}"
        for path in package.rglob("*.py")
        if path.name != "typed_data.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and _asks_for_type(node)
    ]

    assert direct == []


def _asks_for_type(call: ast.Call) -> bool:
    name = ast.unparse(call.func)
    if not name.startswith("msgspec."):
        return False
    what = name.rpartition(".")[2]
    return what in {"convert", "Decoder"} or (what == "decode" and any(word.arg == "type" for word in call.keywords))
