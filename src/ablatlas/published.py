"""What is published, held against the studies as they are declared today.

    python -m ablatlas.published resolved --out FILE            the digest of every published study, as JSON
    python -m ablatlas.published check STUDY [--scale SCALE]    whether its records are those of today's study

Both are stages of dvc.yaml, which redraws from published records and trains nothing.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ablatlas.changes import changes
from ablatlas.digest import PUBLISHED, index
from ablatlas.record import RecordError, write_whole
from ablatlas.study import Study, StudyError, find_root, load


class PublishedError(ValueError):
    """Published records that do not belong to the study as it is declared today; the message says why."""


def files(study: Study, published: bool) -> list[Path]:
    """A study's confirmation and tuning records and its clock's, relative to the root."""
    tuned = [study.tuning_record(cell, published=published) for cell in study.tuned_cells]
    timed = [study.clock_record(published=published)] if study.clock else []
    return [study.record(cell, published=published) for cell in study.cells] + tuned + timed


def resolved(root: Path) -> dict[str, str]:
    """Study -> its digest as it is declared today, at the scale at which it is published."""
    return {name: load(name, entry["scale"], root=root).digest for name, entry in index(root).items()}


def check(study: Study) -> None:
    """Refuse a study that a clone without working outputs would have to train.

    Raises PublishedError, naming each key that is not as it was, and RecordError for a record that is not whole.
    """
    wanted = files(study, published=True)
    if missing := [path for path in wanted if PUBLISHED not in path.parents]:
        share = f"{len(missing)} of {len(wanted)} records"
        lines = [
            f"{PUBLISHED / study.name}: {share} are not those of {study.file} as it is:",
            *(f"  {change}" for change in changes(study, missing)),
            f"`snakemake --profile workflow/profiles/local -n {study.name}` says what would be trained",
        ]
        raise PublishedError("\n".join(lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all is well; 2 and the reasons on stderr when the records are not those of today's study."""
    parse = argparse.ArgumentParser(
        prog="python -m ablatlas.published", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    asked = parse.add_subparsers(dest="asked", required=True)
    asked.add_parser("resolved").add_argument("--out", type=Path, required=True)
    one = asked.add_parser("check")
    one.add_argument("study")
    one.add_argument("--scale", default="laptop")
    given = parse.parse_args(arguments)
    try:
        if given.asked == "resolved":
            text = json.dumps(resolved(find_root()), indent=1, sort_keys=True) + "\n"
            write_whole(given.out, text.encode())
        else:
            check(load(given.study, given.scale))
    except (StudyError, PublishedError, RecordError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
