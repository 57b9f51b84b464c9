"""The registry of datasets: `registry.toml`, a table a dataset and a line a file.

Files that a dataset's table lists under `files` are read, each pinned by its SHA-256. Where the host has them packed,
`inside` names one of the `archives` and `member` a file's name in there, if it is another. Without hosts, `origin` says
why there are none. Nothing heavy is imported here: a digest is made of pins.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ablatlas.errors import nearest, one_of

FILE = "registry.toml"
OWN = Path(__file__).with_name(FILE)


class DataError(ValueError):
    """Data that is missing or not what was pinned. The message names the file, what was found, and what to do."""


@dataclass(frozen=True)
class File:
    """One file: its name in the dataset's folder, its pins, where it comes from."""

    name: str
    bytes: int
    sha256: str
    remote: str  # its name behind a host
    inside: str | None  # the archive that holds it
    member: str  # its name there


@dataclass(frozen=True)
class Dataset:
    """One dataset. `files` are those that are read, `archives` what some of them come in."""

    name: str
    title: str
    folder: str
    licence: str
    cite: str
    splits: str
    hosts: tuple[str, ...]
    origin: str
    files: dict[str, File]
    archives: dict[str, File]

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.files.values())

    @property
    def pins(self) -> dict[str, str]:
        """File -> SHA-256, of all that is read."""
        return {f"{self.folder}/{name}": file.sha256 for name, file in sorted(self.files.items())}


@cache
def read(path: Path = OWN) -> dict[str, Dataset]:
    """Every dataset of a registry's file, by name, in the file's order."""
    return {name: _dataset(name, table) for name, table in tomllib.loads(path.read_text(encoding="utf-8")).items()}


def dataset(name: str, path: Path = OWN) -> Dataset:
    """One dataset of a registry's file. Raises DataError, with the nearest name, where there is none."""
    known = read(path)
    if name not in known:
        raise DataError(f"dataset: found {name}, expected {one_of(known)}; nearest: {nearest(name, list(known))}")
    return known[name]


def _dataset(name: str, table: dict[str, Any]) -> Dataset:
    said = {key: table[key] for key in ("title", "licence", "cite", "splits")}
    return Dataset(
        name=name,
        folder=table.get("folder", name),
        hosts=tuple(table.get("hosts", ())),
        origin=table.get("origin", ""),
        files={key: _file(key, row) for key, row in table["files"].items()},
        archives={key: _file(key, row) for key, row in table.get("archives", {}).items()},
        **said,
    )


def _file(name: str, row: dict[str, Any]) -> File:
    rest = {"remote": row.get("remote", name), "inside": row.get("inside"), "member": row.get("member", name)}
    return File(name, row["bytes"], row["sha256"], **rest)
