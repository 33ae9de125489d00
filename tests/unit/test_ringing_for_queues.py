"""When a queue's thread looks: at once when it rings or something of the queue ends, else seldom."""

from __future__ import annotations

import asyncio
import threading
import time

from sealane.workflows.queue_poll import Wakeup


def waited(bell, timeout):
    begun = time.monotonic()
    bell.wait(timeout)
    return time.monotonic() - begun


def test_a_ring_ends_the_wait():
    bell = Wakeup(idle=60)
    thread = threading.Thread(target=bell.wait, args=(60,))
    thread.start()
    bell.ring()
    thread.join(30)
    assert not thread.is_alive()


def test_a_ring_during_a_look_is_kept_for_the_next_wait_and_counts_once():
    bell = Wakeup(idle=0.02)
    bell.ring()
    bell.ring()
    assert waited(bell, 60) < 30
    assert waited(bell, 0) >= 0.02


def test_the_pause_lasts_until_a_workflow_of_the_queue_has_ended():
    bell = Wakeup(idle=0.02)

    async def workflow():
        bell.ring_at_end()
        assert waited(bell, 0) >= 0.02

    async def whole():
        await asyncio.create_task(workflow())
        await asyncio.sleep(0)

    asyncio.run(whole())
    assert waited(bell, 60) < 30


def test_a_workflow_that_fails_rings_too():
    bell = Wakeup(idle=60)

    async def workflow():
        bell.ring_at_end()
        raise ValueError

    async def whole():
        await asyncio.gather(asyncio.create_task(workflow()), return_exceptions=True)

    asyncio.run(whole())
    assert waited(bell, 60) < 30


def test_whoever_ends_it_is_told_of_at_once():
    bell = Wakeup(idle=60)
    assert not bell.is_set()
    bell.set()
    assert bell.wait(60) is True
    assert bell.is_set()
