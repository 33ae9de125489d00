"""The Engine API's frames, however they arrive."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from sealane.clients.engine.streams import Frames


@given(
    st.lists(st.tuples(st.sampled_from([1, 2]), st.binary(max_size=40)), max_size=8),
    st.lists(st.integers(min_value=0, max_value=500), max_size=10),
)
def test_payloads_come_in_order_whatever_the_pieces(printed: list[tuple[int, bytes]], cuts: list[int]) -> None:
    data = b"".join(bytes([channel, 0, 0, 0]) + len(text).to_bytes(4, "big") + text for channel, text in printed)
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    frames = Frames()
    given_out = b"".join(frames.feed(data[start:end]) for start, end in itertools.pairwise(places))
    assert given_out == b"".join(text for _, text in printed)
