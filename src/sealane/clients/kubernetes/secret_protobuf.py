"""A Secret in Kubernetes' protobuf, which Go programs send, as the same object in JSON. Pure.

Source of the envelope and of the fields' numbers:
https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding and
https://github.com/kubernetes/api/blob/v0.36.3/core/v1/generated.proto, …/apimachinery/…/meta/v1/generated.proto.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

TYPE = "application/vnd.kubernetes.protobuf"
_MAGIC = b"k8s\x00"


def decoded(body: bytes) -> dict[str, Any] | None:
    """The Secret with its name, namespace, labels, annotations, data and type; None for another kind.

    Raises ValueError for what is no such message.
    """
    if not body.startswith(_MAGIC):
        raise ValueError("no envelope of Kubernetes")
    envelope = dict(_fields(body[len(_MAGIC) :]))
    kind = dict(_fields(envelope.get(1, b"")))
    if (kind.get(1), kind.get(2)) != (b"v1", b"Secret"):
        return None
    secret = list(_fields(envelope.get(2, b"")))
    metadata: list[tuple[int, bytes]] = [part for number, value in secret if number == 1 for part in _fields(value)]
    texts = {1: "name", 3: "namespace"}
    named: dict[str, Any] = {texts[number]: value.decode() for number, value in metadata if number in texts and value}
    labels, annotations = (_mapped(metadata, number) for number in (11, 12))
    data = {key: base64.b64encode(value).decode() for key, value in _mapped(secret, 2).items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            **named,
            "labels": {key: value.decode() for key, value in labels.items()},
            "annotations": {key: value.decode() for key, value in annotations.items()},
        },
        "type": next((value.decode() for number, value in secret if number == 3), ""),
        "data": data,
    }


def _mapped(fields: list[tuple[int, bytes]], wanted: int) -> dict[str, bytes]:
    entries = [dict(_fields(value)) for number, value in fields if number == wanted]
    return {entry.get(1, b"").decode(): entry.get(2, b"") for entry in entries}


def _fields(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of each field that has a length; numbers and times are passed over."""
    at = 0
    while at < len(message):
        tag, at = _varint(message, at)
        if tag & 7 == 0:
            _, at = _varint(message, at)
        elif tag & 7 == 2:
            length, at = _varint(message, at)
            if at + length > len(message):
                raise ValueError("a field ends after its message")
            yield tag >> 3, message[at : at + length]
            at += length
        elif tag & 7 in {1, 5}:
            at += 8 if tag & 7 == 1 else 4
        else:
            raise ValueError(f"a field of type {tag & 7}")


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = 0
    for shift in range(0, 64, 7):
        if at >= len(message):
            break
        value |= (message[at] & 0x7F) << shift
        at += 1
        if not message[at - 1] & 0x80:
            return value, at
    raise ValueError("a number without an end")
