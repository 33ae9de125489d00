"""Metrics in Prometheus' text format, by its own client library."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import accumulate
from typing import TYPE_CHECKING

from sealane.metrics.model import Distribution, Exemplar, Family, Sample

if TYPE_CHECKING:
    from prometheus_client import samples
    from prometheus_client.core import Metric

_MOST = 128
"""Most characters of an exemplar's names and values together in OpenMetrics."""


def exposition(families: Iterable[Family], accept: str) -> tuple[bytes, str]:
    """The text and its content type: OpenMetrics, which alone has exemplars, for clients that accept it.

    Adds the resource use of this process (processor, memory, open files).
    """
    from prometheus_client import exposition as text

    write, kind = text.choose_encoder(accept)
    return write(_Given(families)), kind


class _Given:
    """The library's source: a registry for one answer."""

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        """All metrics, in the library's own values."""
        from prometheus_client import ProcessCollector

        yield from map(_metric, self._families)
        yield from ProcessCollector(registry=None).collect()


def _metric(family: Family) -> Metric:
    from prometheus_client.core import Metric

    metric = Metric(family.name.removesuffix("_total"), family.help, family.shape.value)
    for sample in family.samples:
        if isinstance(sample.value, Distribution):
            _add_buckets(metric, sample, sample.value)
        else:
            exemplar = _exemplar(sample.exemplar)
            metric.add_sample(family.name, dict(sample.labels), sample.value, exemplar=exemplar)
    return metric


def _add_buckets(metric: Metric, sample: Sample, distribution: Distribution) -> None:
    """Adds buckets; the exemplar belongs to the bucket of its value."""
    labels, left = dict(sample.labels), sample.exemplar
    for bound, count in zip((*distribution.bounds, math.inf), accumulate(distribution.counts), strict=True):
        exemplar, left = (left, None) if left is not None and left.value <= bound else (None, left)
        bucket = {**labels, "le": "+Inf" if bound == math.inf else repr(float(bound))}
        metric.add_sample(f"{metric.name}_bucket", bucket, count, exemplar=_exemplar(exemplar))
    metric.add_sample(f"{metric.name}_count", labels, sum(distribution.counts))
    metric.add_sample(f"{metric.name}_sum", labels, distribution.sum)


def _exemplar(given: Exemplar | None) -> samples.Exemplar | None:
    """None for one longer than the format allows."""
    from prometheus_client.samples import Exemplar as Written

    if given is None or sum(len(name) + len(value) for name, value in given.labels.items()) > _MOST:
        return None
    return Written(dict(given.labels), given.value, given.at.timestamp())
