"""Order and circles in a graph of needs. Pure: knows names only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def circles(needs: Mapping[str, Sequence[str]]) -> list[list[str]]:
    """One circle for each group of names that need each other; each begins with the name that comes first.

    Each circle reads like the file: the first needs the second, and the last needs the first.
    """
    circles: list[list[str]] = []
    seen: set[str] = set()
    for name in needs:
        if name in seen:
            continue
        circle = _path_back(needs, name)
        if circle:
            circles.append(circle)
            seen |= {other for other in needs if _reaches(needs, other, name) and _reaches(needs, name, other)}
    return circles


def in_order(needs: Mapping[str, Sequence[str]]) -> list[str]:
    """All names, each after its needs, otherwise in their order. The needs must be known and without circles."""
    order: list[str] = []
    placed: set[str] = set()
    left = list(needs)
    while left:
        name = next(name for name in left if placed.issuperset(needs[name]))
        order.append(name)
        placed.add(name)
        left.remove(name)
    return order


def _path_back(needs: Mapping[str, Sequence[str]], start: str) -> list[str] | None:
    """The shortest path from a name back to itself, without its end, or None."""
    came_from: dict[str, str] = {}
    front = [start]
    while front:
        following = []
        for name in front:
            for need in needs.get(name, ()):
                if need == start:
                    way = [name]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return way[::-1]
                if need not in came_from:
                    came_from[need] = name
                    following.append(need)
        front = following
    return None


def _reaches(needs: Mapping[str, Sequence[str]], start: str, target: str) -> bool:
    seen: set[str] = set()
    front = [start]
    while front:
        name = front.pop()
        for need in needs.get(name, ()):
            if need == target:
                return True
            if need not in seen:
                seen.add(need)
                front.append(need)
    return False
