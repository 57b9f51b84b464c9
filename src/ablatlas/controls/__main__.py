"""`python -m ablatlas.controls aa|synthetic|twice|collect --scale SCALE --out FILE`: one job of the DAG.

`… check --results FILE` prints what failed, and ends with 1 where something did.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablatlas.controls import work
from ablatlas.record import RecordError, write_whole
from ablatlas.study import load


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m ablatlas.controls", description=__doc__)
    kinds = parse.add_subparsers(dest="kind", required=True)
    jobs = {name: kinds.add_parser(name) for name in ("aa", "synthetic", "twice", "collect", "fingerprints")}
    for name, job in jobs.items():
        job.add_argument("--scale", default="laptop")
        if name != "fingerprints":
            job.add_argument("--out", type=Path, required=True)
    jobs["aa"].add_argument("--draws", type=_range, required=True, metavar="FIRST:LAST")
    jobs["synthetic"].add_argument("--part", type=int, required=True)
    for name in ("twice", "fingerprints"):
        jobs[name].add_argument("study")
    jobs["collect"].add_argument("--published", choices=["use", "ignore"], default="use")
    kinds.add_parser("check").add_argument("--results", type=Path, required=True)
    return parse


def _range(text: str) -> tuple[int, int]:
    first, last = text.split(":")
    return int(first), int(last)


def say(line: str) -> None:
    print(line, flush=True)


def run(given: argparse.Namespace) -> Any:
    """Do one job and give what is to be written, None where it has written that. Heavy imports stay with their job."""
    match given.kind:
        case "aa":
            from ablatlas.controls.draws import draws

            first, last = given.draws
            return draws(load(work.AA, given.scale), first, last, given.out, say)
        case "synthetic":
            from ablatlas.controls.synthetic import told

            return told(work.load(given.scale).simulations, given.part, work.PARTS, say)
        case "twice":
            from ablatlas.controls.twice import compare

            return compare(load(given.study, given.scale))
        case _:
            from ablatlas.controls.results import collect

            return collect(work.load(given.scale), given.published == "use")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the job is done; 1 when a check failed; 2 and a line on stderr where a job cannot be done."""
    given = parser().parse_args(arguments)
    try:
        if given.kind == "check":
            return check(given.results)
        if given.kind == "fingerprints":
            from ablatlas.controls.twice import fingerprints

            print(json.dumps(fingerprints(load(given.study, given.scale))))
            return 0
        found = run(given)
    except (ValueError, OSError, RecordError, subprocess.CalledProcessError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if found is not None:
        text = json.dumps(found, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
        write_whole(given.out, text.encode())
    return 0


def check(path: Path) -> int:
    """Print what failed, else that all passed."""
    from ablatlas.controls.results import failures

    found = json.loads(path.read_text(encoding="utf-8"))
    failed = failures(found)
    print(*(failed or [f"all controls passed at scale {found['scale']} ({found['digest']})"]), sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
