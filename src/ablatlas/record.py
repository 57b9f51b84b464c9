"""The run record: one compressed columnar text file a cell, written whole or not at all.

Sections, each a table of equal columns: `run` (key, digest, seed, arm, cell, rate, state, phase), `curve` (a row an
evaluation), `outcome` (what a rerun must repeat bit for bit), `meters` (what it need not). The last three point with
`run` at a row of the first. `configs` holds the resolved configuration of every run digest, `provenance` the
circumstances, and a tuning record's `ledger` what was tried and chosen. Numbers that are not finite are null.
"""

import gzip
import json
import math
import os
import platform
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # a training process does not need pandas, which costs half a second to import
    import pandas as pd

SCHEMA = 1
TABLES = ("run", "curve", "outcome", "meters")
Rows = list[dict[str, Any]]


class RecordError(ValueError):
    """A record that cannot be read: truncated, not a record, or of another schema. The message names the file."""


@dataclass
class Record:
    """A cell's runs as rows. `run` and `outcome`, `meters` are parallel; `curve` has several rows a run."""

    run: Rows = field(default_factory=list)
    curve: Rows = field(default_factory=list)
    outcome: Rows = field(default_factory=list)
    meters: Rows = field(default_factory=list)
    configs: dict[str, Any] = field(default_factory=dict)
    provenance: dict[str, Any] = field(default_factory=dict)
    ledger: dict[str, Any] = field(default_factory=dict)

    def add(self, run: dict, curve: Rows, outcome: dict, meters: dict, config: dict) -> None:
        """Append one run."""
        index = len(self.run)
        self.run.append(run)
        self.curve += [{"run": index, **point} for point in curve]
        self.outcome.append({"run": index, **outcome})
        self.meters.append({"run": index, **meters})
        self.configs[run["digest"]] = config

    def take(self, other: "Record", index: int, **changes: Any) -> None:
        """Append run `index` of another record, its identity changed where the taker calls it otherwise."""
        run = other.run[index] | changes
        rows = (
            [{k: v for k, v in row.items() if k != "run"} for row in table if row["run"] == index]
            for table in (other.curve, other.outcome, other.meters)
        )
        curve, [outcome], [meters] = rows
        self.add(run, curve, outcome, meters, other.configs[run["digest"]])

    def frame(self, table: str) -> "pd.DataFrame":
        """One section as a data frame; nulls are NaN."""
        import pandas as pd

        return pd.DataFrame(getattr(self, table))


def finite(value: Any) -> Any:
    """`value` with every number in it that is not finite replaced by None, so that it is valid JSON."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, list | tuple):
        return [finite(v) for v in value]
    return {k: finite(v) for k, v in value.items()} if isinstance(value, dict) else value


def columns(rows: Rows) -> dict[str, list]:
    """Rows -> columns; a key that a row lacks is null there."""
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: [row.get(name) for row in rows] for name in names}


def writer() -> str:
    """This process among all that may write here: two machines, or two containers, may give one number twice."""
    return f"{zlib.crc32(platform.node().encode()):08x}-{os.getpid()}"


def write_whole(path: Path, data: bytes, *, lasting: bool = True) -> None:
    """Write `data` so that `path` is the old file or the whole new one, whenever the process or the disk stops.

    What is not `lasting` is not waited for until the disk has it: a power cut may take it, or leave it damaged. Raises
    OSError, naming `path`, where it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{writer()}")
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            if lasting:
                os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        partial.unlink(missing_ok=True)


def packed(record: Record) -> bytes:
    """A record's file; equal records give equal bytes."""
    tables = {name: columns(finite(getattr(record, name))) for name in TABLES}
    rest = {"configs": record.configs, "provenance": record.provenance, "ledger": finite(record.ledger)}
    text = json.dumps({"schema": SCHEMA, **tables, **rest}, allow_nan=False, separators=(",", ":"))
    return gzip.compress(text.encode(), mtime=0)


def write(path: Path, record: Record) -> None:
    """Write a record whole."""
    write_whole(path, packed(record))


def read(path: Path) -> Record:
    """Read a record. Raises RecordError, naming the file, where it is no whole record of this schema."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: not a whole run record ({error!r})") from error
    return unpacked(data, path)


def unpacked(packed: bytes, path: Path) -> Record:
    """The record in a file's bytes. Raises RecordError, naming the file, where they are no whole one of this schema."""
    try:
        data = json.loads(gzip.decompress(packed))
        if data.pop("schema") != SCHEMA:
            raise RecordError(f"{path}: expected schema {SCHEMA}")
        tables: dict[str, Any] = {name: _rows(data.pop(name)) for name in TABLES}
        return Record(**tables, **data)
    except RecordError:
        raise
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RecordError(f"{path}: not a whole run record ({error!r})") from error


def _rows(table: dict[str, list]) -> Rows:
    return [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]


def stored(folders: Iterable[Path], phase: str) -> Iterator[tuple[str, Record, int]]:
    """Every run of one phase that the records in `folders` hold: its key, its record, its row in it."""
    for path in sorted(p for folder in folders for p in folder.rglob("[!.]*.json.gz")):
        # Only a tuning record's name tells the phase; what else there is, a clock's among them, is read.
        if ".shelf" in path.parts or path.name.endswith(".tuning.json.gz") != (phase == "tuning"):
            continue
        record = read(path)
        for index, run in enumerate(record.run):
            if run["phase"] == phase:
                yield run["key"], record, index
