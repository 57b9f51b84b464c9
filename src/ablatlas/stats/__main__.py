"""`python -m ablatlas.stats STUDY --out FILE`: measure a study from its records and write its results."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ablatlas import study
from ablatlas.record import RecordError, write_whole
from ablatlas.stats.checks import MeasureError
from ablatlas.stats.collect import collect
from ablatlas.stats.measure import measure


def parser() -> argparse.ArgumentParser:
    parse = argparse.ArgumentParser(prog="python -m ablatlas.stats", description=__doc__)
    parse.add_argument("study")
    parse.add_argument("--scale", default="laptop")
    parse.add_argument("--published", choices=["use", "ignore"], default="use")
    parse.add_argument("--ladders", choices=["all", "claimed"], default="all")
    parse.add_argument("--out", type=Path, required=True)
    return parse


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when the results stand whole at --out; 2 and one line on stderr when the records allow none."""
    given = parser().parse_args(arguments)
    try:
        loaded = study.load(given.study, given.scale, ladders=given.ladders)
        results = measure(loaded, *collect(loaded, published=given.published == "use"))
    except (study.StudyError, RecordError, MeasureError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    text = json.dumps(results, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    write_whole(given.out, text.encode())
    print(*(line(given.study, verdict) for verdict in results["verdicts"]), sep="\n")
    return 0


def line(name: str, verdict: dict[str, Any]) -> str:
    """One verdict in one line."""
    by = verdict["ladder"] or verdict["measure"]
    asked = f"{verdict['constraint']} by {by}, {verdict['numerator']} / {verdict['denominator']}"
    reason = f" ({verdict['reason']})" if verdict["reason"] else ""
    return f"{name}: {asked}: {verdict['verdict']}{reason}, {verdict['rho']['text']}"


if __name__ == "__main__":
    sys.exit(main())
