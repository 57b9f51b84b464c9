"""What of a study is no longer as it was when its published records were made, key by key.

A record holds the resolved configuration of every run, so the two can be laid side by side. The VERSIONs of modules are
in a run's digest alone: they are found by trying which give it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

from ablatlas import record
from ablatlas.digest import FOLDERS, PUBLISHED, named_modules, of_run, reads, significant, version
from ablatlas.errors import StudyError, show
from ablatlas.record import Record
from ablatlas.study import Study
from ablatlas.tree import Tree, leaves

FILE = re.compile(r"(?P<cell>.+)-(?P<digest>[0-9a-f]{12})(?P<tuning>\.tuning)?\.json\.gz")
AHEAD = 5  # how many VERSIONs a record may be ahead of a source that has gone back


class Change(NamedTuple):
    """A key, what the published record was made with, and what stands there today."""

    key: str
    then: object
    now: object

    def __str__(self) -> str:
        return f"{self.key}: published {show(self.then)}, today {show(self.now)}"


def changes(study: Study, missing: Iterable[Path]) -> list[str]:
    """Why files of a study are missing among its published ones: each changed key once, then cells that are new.

    Raises RecordError for a published record that is not whole.
    """
    folder = study.root / PUBLISHED / study.name
    found: list[str] = []
    new: list[str] = []
    for path in missing:
        name = FILE.fullmatch(path.name)
        assert name is not None, path
        kind = name["tuning"] or ""
        kept = [one for one in folder.glob("*.json.gz") if _same(one, name["cell"], kind)]
        found += [str(change) for one in kept for change in _between(study, name["cell"], record.read(one))]
        new += [] if kept else [name["cell"] + (" (tuning)" if kind else "")]
    if new:
        found.append(f"nothing published of {', '.join(new)}")
    return list(dict.fromkeys(found)) or ["what has changed is not in the records: the score's metrics, or the clock"]


def _same(path: Path, cell: str, kind: str) -> bool:
    name = FILE.fullmatch(path.name)
    return name is not None and name["cell"] == cell and (name["tuning"] or "") == kind


def _between(study: Study, cell: str, then: Record) -> Iterator[Change]:
    """What differs between a published record of a cell, or of the clock, and the study as it is."""
    clock = cell == "clock"
    variants = tuple(study.variants) if clock else study.variants_of(cell)
    yield from _differ("arms and contrasts", sorted({run["arm"] for run in then.run}), sorted(variants))
    for run in {run["arm"]: run for run in then.run}.values():
        if run["arm"] in variants:
            config = then.configs[run["digest"]]
            yield from _configs(study, config, study.run_config(run["arm"], "base" if clock else cell))
            yield from _versions(study.root, config, run["digest"], then.provenance.get("data") or {})
    if then.ledger:
        yield from _tuning(study, then)
    elif clock:
        settings = then.provenance.get("settings", {"blocks": len({point["block"] for point in then.curve})})
        for key, value in settings.items():
            yield from _differ(f"clock.{key}", value, (study.clock or {}).get(key))
    else:
        yield from _differ("seeds.confirmation", _seeds(then.run), list(study.seeds["confirmation"]))


def _differ(key: str, then: object, now: object) -> Iterator[Change]:
    if then != now:
        yield Change(key, then, now)


def _seeds(runs: Sequence[Tree]) -> list[int]:
    return sorted({run["seed"] for run in runs})


def _configs(study: Study, then: Tree, now: Tree) -> Iterator[Change]:
    """Differences of two resolved configurations, leaf by leaf; the rate is tuning's to say."""
    old, new = dict(leaves(significant(then))), dict(leaves(significant(now)))
    for path in [*new, *(path for path in old if path not in new)]:
        if path != study.tune.path:
            yield from _differ(path, old.get(path), new.get(path))


def _versions(root: Path, config: Tree, digest: str, data: dict[str, str]) -> Iterator[Change]:
    """The VERSIONs and the data that give a recorded configuration its recorded digest, where they are not today's."""
    modules = named_modules(config)
    try:
        today = {kind: version(root, kind, name) for kind, name in modules.items()}
    except StudyError:  # a module that is gone: its name is among the configuration's differences
        return
    now = reads(config, root)
    read = {file: data.get(file, pin) for file, pin in now.items()}
    if of_run(config, today, now) == digest:
        return
    for file, pin in now.items():
        yield from _differ(f"data {file}", read[file], pin)
    for numbers in product(*(range(1, number + AHEAD) for number in today.values())):
        then = dict(zip(today, numbers, strict=True))
        if of_run(config, then, read) == digest:
            for kind, name in modules.items():
                yield from _differ(f"VERSION of {FOLDERS[kind]}/{name}.py", then[kind], today[kind])
            return


def _tuning(study: Study, then: Record) -> Iterator[Change]:
    """Differences in how rates were tuned: where, over which grids before they grew, on which seeds, by what score."""
    ledger = then.ledger
    yield from _differ("tune.path", ledger["path"], study.tune.path)
    down, up = ledger["extensions"]["down"], ledger["extensions"]["up"]
    for variant, grid in ledger["grids"].items():
        if variant in study.tune.grids:
            yield from _differ("tune.grid", grid[down : len(grid) - up], list(study.tune.grids[variant]))
    yield from _differ("seeds.tuning", ledger["seeds"], list(study.seeds["tuning"]))
    yield from _differ("the score", then.provenance["registration"]["score"], str(study.score.criterion))
