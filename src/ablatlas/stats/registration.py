"""Is what the records registered still what the study's file says? A change after the first run is no registration."""

from collections.abc import Iterator, Mapping
from typing import Any

VERSION = 1

Row = dict[str, Any]


def changes(then: Mapping[str, Any] | None, now: Mapping[str, Any]) -> list[Row]:
    """Each key, nested ones by dotted path, whose value differs: {key, then, now}; a missing one is None.

    Only what both sides can speak of is compared: a record may have been made for another choice of ladders.
    """
    before, today = dict(_flat(then or {})), dict(_flat(now))
    ladders = {key.split(".")[1] for key in before if key.startswith("ladders.")}
    asked = {key for key in today if not key.startswith("ladders.") or not ladders or key.split(".")[1] in ladders}
    shared = {key for key in before if not key.startswith("ladders.") or key in today}
    return [
        {"key": key, "then": before.get(key), "now": today.get(key)}
        for key in sorted(shared | (asked & set(today)))
        if before.get(key) != today.get(key)
    ]


def _flat(tree: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(dotted path, value) of every leaf."""
    for key, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
