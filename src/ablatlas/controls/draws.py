"""A/A's draws: one arm against itself, tuned and confirmed on both sides, again and again."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ablatlas.procedures.train import confirm, tune
from ablatlas.record import write_whole
from ablatlas.stats.collect import collect
from ablatlas.stats.measure import measure
from ablatlas.study import Study
from ablatlas.train.resume import Say

MEMORY = Path("/dev/shm")  # where the system has one; a draw writes a file a run, and a disk takes longer than that run
Row = dict[str, Any]


def draw(study: Study, k: int) -> Study:
    """Draw `k` of an A/A study: its arms on two sequences of random numbers that no other draw has."""
    arms = [replace(arm, settings={study.ablate: 2 * k + i}) for i, arm in enumerate(study.variants.values())]
    return replace(study, variants={arm.name: arm for arm in arms})


def measured(study: Study) -> Row:
    """A study's results from nothing, by the functions of the DAG, in a folder that is thrown away."""
    with TemporaryDirectory(prefix="ablatlas-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        own = replace(study, root=Path(folder))
        for cell in own.tuned_cells:
            tune(own, cell, own.root / own.tuning_record(cell), quiet)
        for cell in own.cells:
            confirm(own, cell, own.root / own.record(cell), quiet)
        return measure(own, *collect(own))


def quiet(line: str) -> None:
    """No word of a draw's cells."""


def row(k: int, results: Mapping[str, Any]) -> Row:
    """What is kept of a draw: its one verdict, with the plain 95 % interval."""
    [found] = (verdict for verdict in results["verdicts"] if verdict["ladder"])
    interval = {key: found["plain"][key] for key in ("value", "low", "high")}
    kept = {key: found[key] for key in ("p", "verdict", "reason")}
    return {"draw": k, "digest": results["digest"], **interval, **kept}


def draws(study: Study, first: int, last: int, out: Path, say: Say) -> None:
    """Write the rows of draws `first` up to `last` to `out`; a draw that was finished before is not made again."""
    rows: list[Row] = []
    for k in range(first, last):
        one = draw(study, k)
        resting = study.root / "data" / "runs" / ".shelf" / f"aa-{one.digest}.json"
        if not resting.exists():
            _write(resting, row(k, measured(one)))
        rows.append(json.loads(resting.read_text(encoding="utf-8")))
        say(f"{study.name} {k + 1 - first}/{last - first}: draw {k}, {_told(rows[-1])}")
    _write(out, rows)
    for k in range(first, last):
        (study.root / "data" / "runs" / ".shelf" / f"aa-{draw(study, k).digest}.json").unlink(missing_ok=True)


def _told(found: Row) -> str:
    ends = [f"{found[end]:.3g}" if found[end] is not None else "open" for end in ("low", "high")]
    return f"{found['verdict']}, ρ in {ends[0]} … {ends[1]}"


def _write(path: Path, rows: Row | Sequence[Row]) -> None:
    write_whole(path, (json.dumps(rows, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode())
