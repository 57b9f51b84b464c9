"""The registry: what it says of every dataset, and where that is told."""

import re
from pathlib import Path

import pytest

from ablatlas.data import corpora, images, registry
from ablatlas.data.__main__ import markdown
from ablatlas.data.registry import DataError

ROOT = Path(__file__).parents[2]
EVERY = list(registry.read().values())


def test_the_page_shows_the_registry() -> None:
    page = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    begin, end = "<!-- datasets: made by `python -m ablatlas.data table`, do not edit -->\n", "\n<!-- datasets: end -->"
    assert page.split(begin)[1].split(end)[0] == markdown()


@pytest.mark.parametrize("of", EVERY, ids=lambda of: of.name)
def test_every_dataset_is_whole(of: registry.Dataset) -> None:
    assert hasattr(images, of.name) != hasattr(corpora, of.name), "one loader each"
    assert bool(of.hosts) != bool(of.origin), "hosts, or why there are none"
    assert all(re.fullmatch(r"https?://\S+/", host) for host in of.hosts)
    for file in (*of.files.values(), *of.archives.values()):
        assert re.fullmatch("[0-9a-f]{64}", file.sha256)
        assert file.bytes > 0
        assert file.inside is None or file.inside in of.archives
        assert ".." not in file.name
        assert not file.name.startswith("/")


def test_one_file_has_one_pin() -> None:
    """Two datasets may share a folder."""
    pins: dict[tuple[str, str], str] = {}
    for of in EVERY:
        for file in (*of.files.values(), *of.archives.values()):
            assert pins.setdefault((of.folder, file.name), file.sha256) == file.sha256


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(DataError, match=r"dataset: found cifar, expected one of mnist.*; nearest: cifar10"):
        registry.dataset("cifar")
