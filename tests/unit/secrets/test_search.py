"""Many are found in one pass, exactly where the slow and obvious way finds them."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sealane.secrets.search import Search
from tests.properties import examples

FEW = st.binary(min_size=1, max_size=24).map(lambda data: bytes(97 + byte % 2 for byte in data))
WANTED = st.lists(FEW, max_size=40)


@settings(max_examples=examples(150))
@given(WANTED, st.lists(st.one_of(FEW, st.integers(0, 39)), max_size=8))
def test_occurrences_are_all_there(wanted: list[bytes], parts: list[bytes | int]) -> None:
    chosen = [wanted[part % len(wanted)] if isinstance(part, int) and wanted else part for part in parts]
    data = b"".join(part for part in chosen if isinstance(part, bytes))
    obvious = {(at, at + len(word)) for word in wanted for at in range(len(data)) if data.startswith(word, at)}

    assert set(Search(wanted).occurrences(data)) == obvious


@settings(max_examples=examples(150))
@given(WANTED, st.binary(max_size=40).map(lambda data: bytes(97 + byte % 2 for byte in data)))
def test_the_longest_beginning_is_found(wanted: list[bytes], data: bytes) -> None:
    obvious = [at for at in range(len(data)) if any(w.startswith(data[at:]) and w != data[at:] for w in wanted)]

    assert Search(wanted).beginning(data) == min(obvious, default=len(data))
