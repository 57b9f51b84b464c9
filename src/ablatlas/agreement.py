"""`python -m ablatlas.agreement`: does what was trained here agree with what is published, verdicts and runs?

Told of every study that has working results at the scale, and decided by nobody: on another machine runs differ in
their last bits, and a verdict at the edge of decision may go either way.
"""

import argparse
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ablatlas import record
from ablatlas.digest import PUBLISHED
from ablatlas.published import files
from ablatlas.record import Record, RecordError
from ablatlas.study import Study, StudyError, find_root, load, names

Row = Mapping[str, Any]
ASKED = ("constraint", "measure", "basis", "ladder", "contrast", "numerator", "denominator")  # what a verdict is on


def compare(study: Study) -> list[str]:
    """Lines on one study whose working results stand. Raises RecordError for a record that is not whole."""
    kept = study.root / PUBLISHED / "results" / f"{study.name}.json"
    if not kept.is_file():
        return [f"{study.name}: nothing is published to compare with"]
    mine, theirs = (json.loads(path.read_text(encoding="utf-8")) for path in (study.root / study.results, kept))
    if mine["scale"] != theirs["scale"]:
        return [f"{study.name}: trained at scale {mine['scale']}, published at {theirs['scale']}: nothing to compare"]
    return [f"{study.name}, trained here and published:", *verdicts(mine, theirs), runs(study)]


def verdicts(mine: Row, theirs: Row) -> Iterator[str]:
    """A line for each verdict: the same word or another, and whether the intervals of ρ overlap."""
    published = {_asked(verdict): verdict for verdict in theirs["verdicts"]}
    for verdict in mine["verdicts"]:
        by = verdict["ladder"] or verdict["measure"]
        what = f"  {verdict['constraint']} by {by}, {verdict['numerator']} / {verdict['denominator']}: {_said(verdict)}"
        twin = published.get(_asked(verdict))
        yield f"{what}; published {_said(twin)}: {agreement(verdict, twin)}" if twin else f"{what}; not published"


def agreement(one: Row, other: Row) -> str:
    """Two verdicts on one question in words."""
    word = "the same verdict" if one["verdict"] == other["verdict"] else "ANOTHER VERDICT"
    bounds = [one["rho"]["low"], one["rho"]["high"], other["rho"]["low"], other["rho"]["high"]]
    if bounds == [None] * 4:
        return word
    return f"{word}, intervals {'overlap' if overlap(one['rho'], other['rho']) else 'DO NOT OVERLAP'}"


def overlap(one: Row, other: Row) -> bool:
    """Whether two intervals share a point; a bound that is None is none."""
    low = max(interval["low"] or 0.0 for interval in (one, other))
    return low <= min(math.inf if interval["high"] is None else interval["high"] for interval in (one, other))


def _asked(verdict: Row) -> tuple[object, ...]:
    return tuple(verdict[key] for key in ASKED)


def _said(verdict: Row) -> str:
    return f"{verdict['verdict']}, {verdict['rho']['text']}"


def runs(study: Study) -> str:
    """How many runs that were trained here and are published too end in the same bits, and on which machines."""
    trained = [study.root / path for path in files(study, published=False) if not path.name.startswith("clock-")]
    mine = [record.read(path) for path in trained if path.is_file()]
    kept = sorted((study.root / PUBLISHED / study.name).glob("*.json.gz"))
    theirs = [record.read(path) for path in kept if not path.name.startswith("clock-")]
    published = {key: end for one in theirs for key, end in _outcomes(one)}
    same = [published[key] == end for one in mine for key, end in _outcomes(one) if key in published]
    if not same:
        return "  runs: nothing to compare, none of those that are published was trained here"
    here, there = (machine(one.provenance) for one in (mine[0], theirs[0]))
    where = f"both on {here}" if here == there else f"here on {here}, published on {there}"
    return f"  runs: {sum(same)} of {len(same)} end in the same bits; {where}"


def _outcomes(of: Record) -> Iterator[tuple[tuple[object, ...], Row]]:
    """Each run of a record, and what it ended in; its number in the record is not of its own making."""
    for run, end in zip(of.run, of.outcome, strict=True):
        key = (run["digest"], run["seed"], run["arm"], run["rate"], run["phase"])
        yield key, {name: value for name, value in end.items() if name != "run"}


def machine(provenance: Row) -> str:
    """Where a record was made, in words."""
    torch, threads = provenance["versions"]["torch"], provenance["threads"]
    return f"{provenance['device']} ({provenance['processor']}, torch {torch}, threads: {threads})"


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all that can be compared is told, whatever it says; 2 and a line on stderr for a broken record."""
    parse = argparse.ArgumentParser(prog="python -m ablatlas.agreement", description=__doc__)
    parse.add_argument("--scale", default="laptop")
    parse.add_argument("--ladders", choices=["all", "claimed"], default="all")
    given = parse.parse_args(arguments)
    try:
        studies = [load(name, given.scale, ladders=given.ladders) for name in names(find_root())]
        for study in studies:
            if (study.root / study.results).is_file():
                print(*compare(study), sep="\n")
    except (StudyError, RecordError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
