"""One job of the DAG: `tune|confirm STUDY CELL --scale SCALE --out FILE`, or `clock STUDY --scale SCALE --out FILE`.

The clock times a step of the study's variants.
"""

import argparse
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from ablatlas.procedures.hold import Hold
from ablatlas.procedures.progress import Terminal, line, quiet
from ablatlas.study import Study, StudyError, load


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m ablatlas.procedures", description=__doc__)
    parse.add_argument("phase", choices=["tune", "confirm", "clock"])
    parse.add_argument("study")
    parse.add_argument("cell", nargs="?", help="which of the study's cells; a clock takes none")
    parse.add_argument("--scale", default="laptop")
    parse.add_argument("--out", type=Path, required=True)
    parse.add_argument("--published", choices=["use", "ignore"], default="use")
    parse.add_argument("--ladders", choices=["all", "claimed"], default="all")
    told = parse.add_mutually_exclusive_group()
    told.add_argument("--quiet", action="store_true", help="tell nothing but errors")
    told.add_argument("--lines", action="store_true", help="tell in lines, as to a log, in a terminal too")
    return parse


def work(given: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Do one job, or take what another process has just done. Raises StudyError where the study has no such cell."""
    study = load(given.study, given.scale, ladders=given.ladders)
    if given.phase != "clock" and given.cell not in study.cells:
        raise StudyError(str(study.file), "cell", given.cell, "one of " + ", ".join(study.cells), study.cells)
    with Hold(given.out, say) as hold:
        if hold.waited and given.out.exists():
            say(f"{given.out}: there, made meanwhile")
            return
        make(study, given, say)


def make(study: Study, given: argparse.Namespace, say: Callable[[str], None]) -> None:
    """Make the record of a job that nobody else is making."""
    if given.phase == "clock":
        import_module("ablatlas.procedures.clock").clock(study, given.out, say)
        return
    procedure = import_module(f"ablatlas.procedures.{study.procedure}")
    if not hasattr(procedure, given.phase):
        raise StudyError(str(study.file), "procedure", study.procedure, "one that tunes: this one trains nothing")
    phase = getattr(procedure, given.phase)
    phase(study, given.cell, given.out, say, anew=given.published == "ignore")


def main(arguments: list[str] | None = None) -> int:
    """Run one job; 0 when its record stands whole at --out, 2 with a line on stderr when it cannot."""
    parse = parser()
    given = parse.parse_args(arguments)
    if (given.cell is None) != (given.phase == "clock"):
        parse.error("tune and confirm take a cell, clock takes none")
    try:
        work(given, quiet if given.quiet else Terminal() if sys.stdout.isatty() and not given.lines else line)
    except (ValueError, OSError) as error:  # a study, a record or a part says what is wrong with it
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0
