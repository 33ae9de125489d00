"""What is made of a health check that an image brings along."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sealane.clients.engine.model import ImageCheck
from sealane.runners import services

TEST = ("CMD-SHELL", "ready")


@pytest.mark.parametrize(
    ("check", "interval", "times"),
    [
        (ImageCheck(test=TEST), 1, 90),
        (ImageCheck(test=TEST, interval=timedelta(seconds=10), retries=20), 1, 200),
        (ImageCheck(test=TEST, interval=timedelta(seconds=1), retries=2), 1, 30),
        (ImageCheck(test=TEST, interval=timedelta(milliseconds=200), retries=1000), 0.2, 1000),
    ],
)
def test_an_image_is_asked_soon_and_keeps_the_patience_it_allows(
    check: ImageCheck, interval: float, times: int
) -> None:
    made = services.of_image(check)
    assert (made.test, made.interval.total_seconds(), made.retries) == (TEST, interval, times)


def test_an_images_own_times_are_kept() -> None:
    check = ImageCheck(test=TEST, timeout=timedelta(minutes=2), start_period=timedelta(minutes=5))
    made = services.of_image(check)
    assert (made.timeout, made.start_period) == (timedelta(minutes=2), timedelta(minutes=5))
    assert services.of_image(ImageCheck(test=TEST)).timeout == timedelta(seconds=30)
