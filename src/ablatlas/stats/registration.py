"""Is what the records registered still what the study's file says? A change after the first run is no registration."""

from collections.abc import Iterator, Mapping
from typing import Any

VERSION = 1

Row = dict[str, Any]

LADDERS = "ladders."


def changes(then: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[Row]:
    """Each key, nested ones by dotted path, whose value differs: {key, then, now}; a missing one is None.

    A ladder is compared where both name it: a record may have been made for another choice of ladders, and that a
    constraint's primary became another one shows in `primary`.
    """
    before, today = dict(_flat(then or {})), dict(_flat(now))
    ladders = _ladders(before) & _ladders(today)
    keys = [key for key in sorted({*before, *today}) if not key.startswith(LADDERS) or key.split(".")[1] in ladders]
    return [
        {"key": key, "then": before.get(key), "now": today.get(key)}
        for key in keys
        if before.get(key) != today.get(key)
    ]


def _ladders(flat: Mapping[str, Any]) -> set[str]:
    return {key.split(".")[1] for key in flat if key.startswith(LADDERS)}


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of every leaf."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
