"""One app as it is now, on each database."""

from __future__ import annotations

from sealane.store import app_view
from sealane.store.all_stores import Store

from .samples import push, release


async def test_the_newest_versions_can_be_chosen(store: Store) -> None:
    """By the line of their commits, as many as a list holds; where no run built one, nobody knows where it comes from."""
    run = (await store.events.receive(push("a"), source="git")).run_id
    for number in range(1, app_view.VERSIONS + 3):
        place = 0.5 if number == 9 else float(number)
        await store.releases.add(release(number), sequence=number, run_id=run if number == 10 else None, place=place)
    versions = (await store.views.app("shop")).versions
    last = app_view.VERSIONS + 2
    assert [version.release for version in versions] == [
        f"rel-{number}" for number in range(last, 1, -1) if number != 9
    ]
    came = {version.release: version.origin for version in versions if version.origin}
    assert {name: origin.run for name, origin in came.items()} == {"rel-10": run}
    assert versions[0].deploy_tag == release(last).deploy_tag
