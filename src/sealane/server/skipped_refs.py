"""Messages after a push to one of our repositories about branches and tags that are not run. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sealane.records.runs import Receipt

_MOST_NAMED = 20


def lines(app: str, receipts: Mapping[str, Receipt], *, url: str) -> list[str]:
    """The lines for the receipts by reference: a few are named with the way to run them, the rest are counted."""
    left_out = {ref: receipt for ref, receipt in receipts.items() if receipt.left_out}
    if not left_out:
        return []
    began = len(receipts) - len(left_out)
    first = f"sealane: {len(left_out)} of {len(receipts)} are not run: one push starts {began} (SEALANE_RUNS__PER_PUSH)"
    named = [
        f"sealane: not run: {ref.removeprefix('refs/heads/')}; run it: sealane rerun {receipt.run_id}"
        for ref, receipt in list(left_out.items())[:_MOST_NAMED]
    ]
    more = len(left_out) - len(named)
    return [first, *named, *([f"sealane: … and {more} more: {url}/runs?app={app}"] if more else [])]
