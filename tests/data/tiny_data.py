"""A dataset for tests: tiny, made up, declared as the registry declares one."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest

from ablatlas.data import registry
from ablatlas.data.registry import Dataset, File

Declare = Callable[..., Dataset]


def pinned(name: str, data: bytes, **more: Any) -> File:
    """A file, with the pins of its bytes."""
    rest = {"remote": name, "inside": None, "member": name} | more
    return File(name, len(data), hashlib.sha256(data).hexdigest(), **rest)


def tiny(*files: File, archives: tuple[File, ...] = (), hosts: tuple[str, ...] = (), origin: str = "") -> Dataset:
    kept = {file.name: file for file in files}, {file.name: file for file in archives}
    return Dataset("tiny", "Tiny", "tiny", "CC0", "Nobody 2000", "none", hosts, origin, *kept)


def only(monkeypatch: pytest.MonkeyPatch) -> Declare:
    """What makes `tiny` the one dataset of the registry."""

    def declare(*files: File, **more: Any) -> Dataset:
        of = tiny(*files, **more)
        monkeypatch.setattr(registry, "dataset", lambda name: {"tiny": of}[name])
        return of

    return declare
