"""`python -m ablatlas.report study NAME …` writes one study's report, `… atlas …` and `… controls …` their pages.

`python -m ablatlas.report figure NAME …` draws the figure of a study's report, or of the `atlas`, and nothing else.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m ablatlas.report", description=__doc__)
    kinds = parse.add_subparsers(dest="kind", required=True)
    one = kinds.add_parser("study", help="report.html, report.ipynb and figure.svg, .pdf, .png of one study")
    one.add_argument("name")
    one.add_argument("--scale", default="laptop")
    one.add_argument("--results", type=Path, required=True)
    one.add_argument("--out", type=Path, required=True)
    every = kinds.add_parser("atlas", help="index.html and figure.svg, .pdf, .png of every study")
    every.add_argument("--results", type=Path, nargs="+", required=True)
    every.add_argument("--out", type=Path, required=True)
    for page in (one, every):
        page.add_argument("--controls", type=Path, help="what the controls of this version found, where they were run")
    known = kinds.add_parser("controls", help="index.html and figure.svg, .pdf, .png of the controls")
    known.add_argument("--results", type=Path, required=True)
    known.add_argument("--out", type=Path, required=True)
    alone = kinds.add_parser("figure", help="the one figure of a study, or of the atlas, as SVG")
    alone.add_argument("name", help="a study, or `atlas`")
    alone.add_argument("--scale", default="laptop")
    alone.add_argument("--results", type=Path, nargs="+", required=True)
    alone.add_argument("--out", type=Path, required=True)
    packed = kinds.add_parser("crate", help="a run of the workflow as one RO-Crate: records, results and reports")
    packed.add_argument("--results", type=Path, nargs="+", required=True)
    packed.add_argument("--reports", type=Path, required=True, help="the folder of the studies' reports")
    packed.add_argument("--out", type=Path, required=True)
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the report stands whole at --out; 2 and one line on stderr when the results allow none."""
    given = parser().parse_args(arguments)
    from ablatlas.report import build  # after parsing: a wrong command line answers at once
    from ablatlas.report.view import ReportError
    from ablatlas.study import StudyError, find_root

    try:
        if given.kind == "study":
            build.study(given.name, given.scale, given.results, given.out, find_root(), given.controls)
        elif given.kind == "atlas":
            build.atlas(given.results, given.out, find_root(), given.controls)
        elif given.kind == "figure":
            build.figure(given.name, given.scale, given.results, given.out, find_root())
        elif given.kind == "crate":
            from ablatlas.report import crate

            crate.write(given.results, given.reports, given.out, find_root())
        else:
            build.controls(given.results, given.out, find_root())
    except (ReportError, StudyError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(f"wrote {given.out}")
    return 0


if __name__ == "__main__":
    # A scheduler ends a job with SIGTERM, which by itself would leave the temporary folder and the kernel behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sys.exit(main())
