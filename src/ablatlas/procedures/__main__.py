"""`python -m ablatlas.procedures tune|confirm STUDY CELL --scale SCALE --out FILE`: one job of the DAG."""

import argparse
import os
import sys
from importlib import import_module
from pathlib import Path

from ablatlas.study import StudyError, load


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m ablatlas.procedures", description=__doc__)
    parse.add_argument("phase", choices=["tune", "confirm"])
    parse.add_argument("study")
    parse.add_argument("cell")
    parse.add_argument("--scale", default="laptop")
    parse.add_argument("--out", type=Path, required=True)
    parse.add_argument("--published", choices=["use", "ignore"], default="use")
    return parse


def main(arguments: list[str] | None = None) -> int:
    """Run one job; 0 when its record stands whole at --out, 2 with a line on stderr when it cannot."""
    given = parser().parse_args(arguments)

    def say(line: str) -> None:
        print(line, flush=True)

    try:
        study = load(given.study, given.scale)
        if given.cell not in study.cells:
            raise StudyError(str(study.file), "cell", given.cell, "one of " + ", ".join(study.cells), study.cells)
        procedure = import_module(f"ablatlas.procedures.{study.procedure}")
        work = {"tune": procedure.tune, "confirm": procedure.confirm}[given.phase]
        work(study, given.cell, given.out, say, anew=given.published == "ignore")
    except (ValueError, OSError) as error:  # a study, a record or a part says what is wrong with it
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.exit(main())
