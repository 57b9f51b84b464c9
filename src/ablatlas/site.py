"""What a cluster wants to be told and charges: `site.yaml` in the root, untracked, each key also a variable.

`ABLATLAS_ACCOUNT=lab` stands above `account: lab` in the file, and $ABLATLAS_SITE names another file. Without any of
them the defaults below hold. The profiles and the plan read this; no rule does.
"""

import os
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ablatlas.config import read_yaml
from ablatlas.declaration.where import Where
from ablatlas.errors import StudyError

FILE = "site.yaml"
PREFIX = "ABLATLAS_"


@dataclass(frozen=True)
class Site:
    """One cluster's terms; None is left to the cluster.

    `share` is a part of a GPU as the cluster names it (`shard:1`), which a cell then asks for in place of a whole
    one. `activate` is a shell command that precedes every job's own. `minutes` is the longest job that the partition
    takes, `jobs` the most in the queue at once, `cells` the most short cells in one job. Prices are of an hour of a
    core and of a GPU.
    """

    account: str | None = None
    partition: str | None = None
    qos: str | None = None
    constraint: str | None = None
    gpu_model: str | None = None
    share: str | None = None
    activate: str | None = None
    minutes: int = 1440
    jobs: int = 200
    cells: int = 8
    core_hour: float | None = None
    gpu_hour: float | None = None
    currency: str = "EUR"


TYPES = {
    field.name: next(kind for kind in (int, float, str) if kind.__name__ in str(field.type)) for field in fields(Site)
}


def site(root: Path) -> Site:
    """The terms of this site. Raises StudyError for an unknown key, and for a value that is not of its kind."""
    named = os.environ.get(f"{PREFIX}SITE")
    file = Path(named or root / FILE)
    if named and not file.is_file():
        raise StudyError(f"${PREFIX}SITE", "file", named, "a file like workflow/profiles/slurm/site.example.yaml")
    told = read_yaml(file.parent, file.name) if file.is_file() else {}
    Where(str(file)).mapping("", told, (), TYPES)
    values = {key: _value(str(file), key, value) for key, value in told.items() if value is not None}
    for key in TYPES:
        if word := os.environ.get(f"{PREFIX}{key.upper()}"):
            values[key] = _value("the environment", f"{PREFIX}{key.upper()}", word, key)
    return Site(**values)  # type: ignore[arg-type] # each of its field's type, see `_value`


def _value(file: str, path: str, found: object, key: str | None = None) -> object:
    kind: Any = TYPES[key or path]
    try:
        value = kind(found)
    except (TypeError, ValueError):
        value = None
    if value is None or (kind is not str and not value >= (0 if kind is float else 1)):
        raise StudyError(file, path, found, {int: "a whole number above 0", float: "a price", str: "a word"}[kind])
    return value
